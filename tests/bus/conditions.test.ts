import assert from "node:assert/strict";
import { test } from "node:test";
import { longestPublicationMs, readConditions } from "../../src/bus/conditions.ts";
import { listInboxes } from "../../src/bus/inboxes.ts";
import { listLimits } from "../../src/bus/limits.ts";
import { publish } from "../../src/bus/publish.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { publication, subscribeAll } from "./subscribers.ts";
import { ack, nack, put, takeOne } from "./verbs.ts";

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

test("what was to come later is as old as the time since then, until somebody has held it", async () => {
  const bus = await handBus({});
  for (let n = 0; n < 2; n++) await put(bus, "a1", "x", { delayMs: 600_000 });
  bus.clock.pass(600_000);
  // The first claim makes both of them ready.
  const { receipt } = await takeOne(bus, "a1");
  bus.clock.pass(1_000);
  const ages = () =>
    bus.store.read(async (tx) => [
      (await readConditions(tx, bus.settings, 60_000)).inboxes[0]?.oldestMs,
      (await listInboxes(tx))[0]?.oldestReadyMs,
      (await listLimits(tx, bus.settings, { every: true }))[0]?.oldestMs,
    ]);
  assert.deepEqual(await ages(), [1_000, 1_000, 1_000]);
  await nack(bus, receipt, { delayMs: 0 });
  assert.deepEqual(await ages(), [601_000, 601_000, 601_000]);
});
