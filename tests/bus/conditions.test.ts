import assert from "node:assert/strict";
import { test } from "node:test";
import { longestPublicationMs } from "../../src/bus/conditions.ts";
import { publish } from "../../src/bus/publish.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { publication, subscribeAll } from "./subscribers.ts";
import { ack, takeOne } from "./verbs.ts";

const { handBus } = tempBuses();

test("how long publications took is told without alerts, or to read one late would bring about the next", async () => {
  const bus = await subscribeAll(await handBus({}), [
    ["alerts", "ops"],
    ["news", "bob"],
  ]);
  const options = { from: null, onFull: "fail", timeoutMs: 0 } as const;
  const longest = () => bus.store.read((tx) => longestPublicationMs(tx, 60_000));
  await publish(bus, publication("alerts"), options);
  bus.clock.pass(30_000);
  await ack(bus, (await takeOne(bus, "ops")).receipt);
  assert.equal(await longest(), null);
  await publish(bus, publication("news"), options);
  bus.clock.pass(20_000);
  await ack(bus, (await takeOne(bus, "bob")).receipt);
  assert.equal(await longest(), 20_000);
});
