import { expect, test } from "bun:test";
import fc from "fast-check";
import { reportDeliveries } from "../../src/metrics/deliveries.ts";
import { ack, nack, put, take, takeOne } from "../bus/verbs.ts";
import { casesMs, casesOf } from "../helpers/cases.ts";
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
  const { receipt } = await takeOne(bus, "a");
  bus.clock.stepWall(-5_000);
  await ack(bus, receipt);
  const { figures, slowest } = await ask(bus, "name");
  expect(figures.map(({ min, max }) => [min, max])).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  expect(slowest).toMatchObject([{ totalMs: 0, waitedMs: 0, workedMs: 0 }]);
});

test("while the clock goes back and forth each window has what ended in it by the clock of then", async () => {
  const bus = await handBus();
  const begin = bus.clock.now();
  const ends: number[] = [];
  for (const stepMs of [0, -1_800_000, 3_000_000, -600_000]) {
    bus.clock.stepWall(stepMs);
    await work(bus, "a", "ada", 10, 10);
    ends.push(bus.clock.now());
  }
  bus.clock.stepWall(begin + hourMs - bus.clock.now());
  for (const sinceMs of [1_000, 1_000_000, 2_000_000, hourMs + 2_000_000]) {
    const since = bus.clock.now() - sinceMs;
    const expected = ends.filter((at) => at > since && at <= bus.clock.now()).length;
    const acked = (await ask(bus, "name", sinceMs)).ends[0]?.acked ?? 0;
    expect([sinceMs, acked]).toEqual([sinceMs, expected]);
  }
});

/** The least of `values` that so many percent of them do not exceed: counted, and not ranked. */
function counted(values: readonly number[], percent: number): number {
  const enough = (candidate: number) =>
    values.filter((value) => value <= candidate).length * 100 >= values.length * percent;
  return Math.min(...values.filter(enough));
}

const life = fc.record({
  inbox: fc.constantFrom("a", "b"),
  holder: fc.constantFrom("ada", "bob"),
  waitMs: fc.integer({ min: 0, max: 2_000 }),
  workMs: fc.integer({ min: 0, max: 2_000 }),
  stepMs: fc.oneof(fc.constant(0), fc.integer({ min: -3_000, max: 3_000 })),
});

test(
  "figures equal those that are counted on the rows of the tables themselves, whatever was done by whom, and the clock too",
  async () => {
    const bus = await handBus({ inboxCap: 1_000_000 });
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 30 }), async (lives) => {
        // Each case has a past of its own.
        bus.clock.pass(2 * hourMs);
        for (const { inbox, holder, waitMs, workMs, stepMs } of lives) {
          await put(bus, inbox, "x");
          bus.clock.pass(waitMs);
          const { receipt } = await takeOne(bus, inbox, { holder });
          bus.clock.stepWall(stepMs);
          bus.clock.pass(workMs);
          await ack(bus, receipt);
        }
        bus.clock.pass(10_000);
        const rows = await bus.store.read((tx) =>
          tx.all<Record<"sent" | "claimed" | "ended", number> & { holder: string }>(
            `select m.sent_at as sent, h.claimed_at as claimed, h.ended_at as ended, h.holder as holder
               from history h join messages m on m.id = h.message_id where h.ended_at > $since`,
            { since: bus.clock.now() - hourMs },
          ),
        );
        expect(rows.length).toBe(lives.length);
        const { figures } = await ask(bus, "agent");
        for (const group of new Set(rows.map(({ holder }) => holder)))
          for (const [name, from, to] of [
            ["delivery.total", "sent", "ended"],
            ["delivery.waited", "sent", "claimed"],
            ["delivery.worked", "claimed", "ended"],
          ] as const) {
            const values = rows
              .filter(({ holder }) => holder === group)
              .map((row) => Math.max(0, row[to] - row[from]));
            const { mean, ...rest } = figures.find(
              (one) => one.name === name && one.group === group,
            )!;
            expect([name, group, rest]).toMatchObject([
              name,
              group,
              {
                count: values.length,
                min: Math.min(...values),
                max: Math.max(...values),
                p50: counted(values, 50),
                p95: counted(values, 95),
                p99: counted(values, 99),
              },
            ]);
            const sum = values.reduce((one, other) => one + other, 0);
            expect(Math.abs(mean - sum / values.length)).toBeLessThan(1e-6);
          }
      }),
      { numRuns: casesOf(100) },
    );
  },
  casesMs(120_000),
);
