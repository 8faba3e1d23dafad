import { expect, test } from "bun:test";
import { readBroadcasts } from "../../src/metrics/broadcasts.ts";
import { reportDeliveries } from "../../src/metrics/deliveries.ts";
import { ack, nack, put, takeOne } from "../bus/verbs.ts";
import { publish } from "../../src/bus/publish.ts";
import { subscribeAll } from "../bus/subscribers.ts";
import { bytesOf } from "../../src/core/text.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";

const { handBus } = tempBuses();
const hourMs = 3_600_000;
const everybody = ["ada", "bob", "cyd"];

async function toEverybody(bus: HandBus, type = "news"): Promise<number> {
  const options = { from: "eve", onFull: "fail", timeoutMs: 0 } as const;
  const { id } = await publish(bus, { topic: "news.now", body: bytesOf("x"), type }, options);
  return id!;
}

const listening = async (settings = {}) =>
  subscribeAll(
    await handBus(settings),
    everybody.map((name) => ["news.*", name] as const),
  );

const report = (bus: HandBus, by: "name" | "type" | "agent" | "inbox", sinceMs = hourMs) =>
  bus.store.read((tx) => reportDeliveries(tx, { since: tx.now - sinceMs, until: tx.now }, by, 0));

test("a broadcast takes until the last of its deliveries is over", async () => {
  const bus = await listening();
  const id = await toEverybody(bus);
  for (const name of everybody) {
    bus.clock.pass(100);
    await ack(bus, (await takeOne(bus, name)).receipt);
    if (name === "cyd") continue;
    const { broadcasts, figures } = await report(bus, "name");
    expect(broadcasts).toMatchObject([{ message: id, totalMs: null, endedAt: null }]);
    expect(figures.filter((one) => one.name === "broadcast.total")).toEqual([]);
  }
  const { broadcasts, figures } = await report(bus, "name");
  expect(broadcasts).toMatchObject([
    {
      message: id,
      topic: "news.now",
      type: "news",
      deliveries: 3,
      ended: 3,
      acked: 3,
      totalMs: 300,
    },
  ]);
  expect(figures.at(-1)).toMatchObject({ name: "broadcast.total", unit: "ms", count: 1, max: 300 });
});

test("what went to one alone is none", async () => {
  const bus = await listening();
  await put(bus, "ada", "for her alone");
  await ack(bus, (await takeOne(bus, "ada")).receipt);
  const { broadcasts, ends } = await report(bus, "name");
  expect(ends).toMatchObject([{ acked: 1 }]);
  expect(broadcasts).toEqual([]);
});

test("what died is over too, but was not acked", async () => {
  const bus = await listening({ maxAttempts: 1 });
  await toEverybody(bus);
  for (const name of ["ada", "bob"]) await ack(bus, (await takeOne(bus, name)).receipt);
  bus.clock.pass(50);
  await nack(bus, (await takeOne(bus, "cyd")).receipt);
  const { broadcasts } = await report(bus, "name");
  expect(broadcasts).toMatchObject([{ ended: 3, acked: 2, totalMs: 50 }]);
});

test("it counts in the window in which it was over, also where its first delivery was the last one then", async () => {
  const bus = await listening();
  for (const waitMs of [10, 30]) {
    const id = await toEverybody(bus);
    for (const name of ["bob", "cyd"]) await ack(bus, (await takeOne(bus, name)).receipt);
    bus.clock.pass(waitMs);
    await ack(bus, (await takeOne(bus, "ada")).receipt);
    const { broadcasts, figures } = await report(bus, "name", 5);
    expect(broadcasts.map(({ message }) => message)).toEqual([id]);
    expect(figures.at(-1)).toMatchObject({ name: "broadcast.total", count: 1, max: waitMs });
    bus.clock.pass(100);
  }
});

test("they are told apart by type, and have neither agent nor inbox", async () => {
  const bus = await listening();
  for (const type of ["b", "a"]) {
    await toEverybody(bus, type);
    for (const name of everybody) await ack(bus, (await takeOne(bus, name)).receipt);
  }
  const groups = async (by: "type" | "agent" | "inbox") =>
    (await report(bus, by)).figures
      .filter(({ name }) => name === "broadcast.total")
      .map(({ group }) => group);
  expect(await groups("type")).toEqual(["a", "b"]);
  expect(await groups("agent")).toEqual([]);
  expect(await groups("inbox")).toEqual([]);
});

test("a clock that was set back lets none take less than nothing", async () => {
  const bus = await listening();
  const id = await toEverybody(bus);
  for (const name of everybody) await ack(bus, (await takeOne(bus, name)).receipt);
  await bus.store.write((tx) => tx.run("update messages set sent_at = sent_at + 5000", {}));
  const [found] = await bus.store.read((tx) => readBroadcasts(tx, [id]));
  expect(found).toMatchObject({ totalMs: 0 });
});
