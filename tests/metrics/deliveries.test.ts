import { expect, test } from "bun:test";
import { reportDeliveries } from "../../src/metrics/deliveries.ts";
import { ack, nack, put, take, takeOne } from "../bus/verbs.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";

const { handBus } = tempBuses();
const hourMs = 3_600_000;

const ask = (bus: HandBus, by: "name" | "agent" | "type" | "inbox", sinceMs = hourMs) =>
  bus.store.read((tx) => {
    const window = { since: tx.now - sinceMs, until: tx.now };
    return reportDeliveries(tx, window, by, 3);
  });

/** Sends to `inbox`, has `holder` claim it after `waitMs` and ack it after `workMs`: the delivery. */
async function work(bus: HandBus, inbox: string, holder: string, waitMs: number, workMs: number) {
  const { id } = await put(bus, inbox, "x", { type: `${inbox}-type` });
  bus.clock.pass(waitMs);
  const { receipt } = await takeOne(bus, inbox, { holder });
  bus.clock.pass(workMs);
  await ack(bus, receipt);
  return id;
}

test("times are those of the history: in all, waiting, and in work", async () => {
  const bus = await handBus();
  for (const [waitMs, workMs] of [
    [10, 1],
    [20, 5],
    [30, 2],
  ])
    await work(bus, "a", "ada", waitMs!, workMs!);
  const { figures, ends } = await ask(bus, "name");
  expect(figures).toMatchObject([
    {
      name: "delivery.total",
      unit: "ms",
      group: null,
      count: 3,
      min: 11,
      p50: 25,
      p99: 32,
      max: 32,
    },
    { name: "delivery.waited", count: 3, mean: 20, min: 10, p50: 20, p95: 30 },
    { name: "delivery.worked", count: 3, min: 1, p50: 2, p95: 5 },
  ]);
  expect(ends).toMatchObject([{ acked: 3, dead: 0, deliveryRate: 100, ackedPerS: 3 / 3_600 }]);
});

test("the delivery rate is the share of those that ended that were acked", async () => {
  const bus = await handBus({ maxAttempts: 2, backoffMinMs: 0, backoffMaxMs: 0 });
  await work(bus, "a", "ada", 1, 1);
  await put(bus, "a", "poison");
  for (let attempt = 0; attempt < 2; attempt++) {
    await nack(bus, (await takeOne(bus, "a")).receipt);
    bus.clock.pass(1);
  }
  await put(bus, "a", "late", { ttlMs: 5 });
  bus.clock.pass(10);
  await take(bus, "a");
  // What is still there has not ended.
  await put(bus, "a", "waits");
  const { ends } = await ask(bus, "name");
  const counts = { acked: 1, dead: 1, expired: 1, purged: 0, retried: 1 };
  expect(ends).toEqual([
    { group: null, ...counts, deliveryRate: (1 / 3) * 100, ackedPerS: 1 / 3_600 },
  ]);
});

test("each agent, type or inbox has figures of its own", async () => {
  const bus = await handBus();
  await work(bus, "a", "ada", 1, 10);
  await work(bus, "a", "bob", 1, 20);
  await work(bus, "b", "bob", 1, 40);
  const worked = async (by: "agent" | "type" | "inbox") =>
    (await ask(bus, by)).figures
      .filter(({ name }) => name === "delivery.worked")
      .map(({ group, count, max }) => [group, count, max]);
  expect(await worked("agent")).toEqual([
    ["ada", 1, 10],
    ["bob", 2, 40],
  ]);
  expect(await worked("inbox")).toEqual([
    ["a", 2, 20],
    ["b", 1, 40],
  ]);
  expect((await worked("type")).map(([type]) => type)).toEqual(["a-type", "b-type"]);
});

test("the slowest are named, and nothing that ended before the window counts", async () => {
  const bus = await handBus();
  await work(bus, "a", "ada", 9_000, 9_000);
  bus.clock.pass(2 * hourMs);
  const ids: number[] = [];
  for (const ms of [5, 50, 20, 40, 30]) ids.push(await work(bus, "a", "ada", ms, 1));
  const { slowest, ends } = await ask(bus, "name");
  expect(slowest.map(({ message, totalMs }) => [message, totalMs])).toEqual([
    [ids[1]!, 51],
    [ids[3]!, 41],
    [ids[4]!, 31],
  ]);
  expect(ends[0]!.acked).toBe(5);
});

test("a clock that was set back makes nothing shorter than no time", async () => {
  const bus = await handBus();
  await put(bus, "a");
  bus.clock.stepWall(-5_000);
  await ack(bus, (await takeOne(bus, "a")).receipt);
  const { figures } = await ask(bus, "name");
  expect(figures.map(({ min, max }) => [min, max])).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
});
