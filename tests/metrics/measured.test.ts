import { expect, test } from "bun:test";
import fc from "fast-check";
import { relativeError } from "../../src/metrics/histogram.ts";
import { reportMeasured } from "../../src/metrics/measured.ts";
import { type Measured, recordPoints } from "../../src/metrics/record.ts";
import { retainMetrics } from "../../src/metrics/retain.ts";
import type { Store } from "../../src/store/store.ts";
import { casesMs, casesOf } from "../helpers/cases.ts";
import { pointOf, vitalsStores } from "./vitals.ts";

const newVitals = vitalsStores();
const hourMs = 3_600_000;

const ask = (store: Store, by: "name" | "agent" | "type" | "inbox" = "name", sinceMs = hourMs) =>
  store.read((tx) => reportMeasured(tx, { since: tx.now - sinceMs, until: tx.now }, by));

const record = (store: Store, points: readonly Measured[]) =>
  store.write((tx) => recordPoints(tx, points));

/** The same figures from the same rows, counted by the database: the least value that so many percent do not exceed. */
async function counted(store: Store, since: number) {
  const percentile = (percent: number) => `(select min(v.value) from rows v where v.name = g.name
     and (select count(*) from rows w where w.name = g.name and w.value <= v.value) * 100 >=
         (select count(*) from rows w where w.name = g.name) * ${percent})`;
  return await store.read((tx) =>
    tx.all<
      Record<"name", string> &
        Record<"count" | "min" | "max" | "mean" | "p50" | "p95" | "p99", number>
    >(
      // A read begins with select, so what it selects from has a name inside.
      `select * from (with rows as materialized (select name, value from metrics where at > $since)
         select name, count(*) as count, min(value) as min, max(value) as max, avg(value) as mean,
                ${percentile(50)} as p50, ${percentile(95)} as p95, ${percentile(99)} as p99
           from rows g group by name order by name)`,
      { since },
    ),
  );
}

const value = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
);
const point = fc.record({
  name: fc.constantFrom("a", "b"),
  value,
  agent: fc.constantFrom("x", "y", null),
  agoMs: fc.integer({ min: 0, max: 90 * 60_000 }),
});

test(
  "figures equal those that the database counts on the same rows, whatever was measured when and by whom",
  async () => {
    const { clock, store } = await newVitals();
    await fc.assert(
      fc.asyncProperty(fc.array(point, { minLength: 1, maxLength: 120 }), async (points) => {
        // Each case has a past of its own.
        clock.pass(24 * hourMs);
        const measured = points.map(({ name, value, agent, agoMs }) => ({
          ...pointOf(name, value, { agent }),
          at: clock.now() - agoMs,
        }));
        await record(store, measured);
        const expected = await counted(store, clock.now() - hourMs);
        const { source, figures } = await ask(store);
        expect(source).toBe("points");
        expect(figures.map(({ name }) => name)).toEqual(expected.map(({ name }) => name));
        for (const [index, { mean, ...exact }] of expected.entries()) {
          expect(figures[index]).toMatchObject(exact);
          expect(Math.abs(figures[index]!.mean - mean)).toBeLessThanOrEqual(1e-6);
        }
      }),
      { numRuns: casesOf(200) },
    );
  },
  casesMs(120_000),
);

test("where the points are gone, the roll-ups tell of them within their error", async () => {
  const { clock, store } = await newVitals();
  const values = Array.from({ length: 3_000 }, (_, n) => ((n * 7_919) % 3_000) ** 2 / 100 - 300);
  const first = clock.now();
  await record(
    store,
    values.map((one, n) => ({ ...pointOf("a", one), at: first + n * 1_000 })),
  );
  clock.pass(3_000_000);
  const [exact] = (await ask(store)).figures;
  await retainMetrics(store, { rawKeepMs: 60_000, rollupKeepMs: hourMs, rowsMax: 1_000_000 });
  const { source, figures } = await ask(store);
  expect(source).toBe("rollups");
  expect(figures).toMatchObject([{ name: "a", count: 3_000, min: exact!.min, max: exact!.max }]);
  expect(Math.abs(figures[0]!.mean - exact!.mean)).toBeLessThanOrEqual(1e-6);
  for (const percentile of ["p50", "p95", "p99"] as const) {
    const off = Math.abs(figures[0]![percentile] - exact![percentile]);
    expect(off).toBeLessThanOrEqual(Math.abs(exact![percentile]) * relativeError * (1 + 1e-9));
  }
  // What is left of the points is exact.
  expect((await ask(store, "name", 30_000)).source).toBe("points");
});

test("two units of one name are two metrics, and each agent, type and inbox has its own", async () => {
  const { store } = await newVitals();
  await record(store, [
    pointOf("a", 1, { unit: "ms", agent: "x", tags: { type: "t" } }),
    pointOf("a", 3, { unit: "ms", agent: "y", tags: { type: "t", inbox: "i" } }),
    pointOf("a", 9, { unit: "bytes" }),
  ]);
  const groups = async (by: "name" | "agent" | "type" | "inbox") =>
    (await ask(store, by)).figures.map(({ unit, group, mean }) => [unit, group, mean]);
  expect(await groups("name")).toEqual([
    ["bytes", null, 9],
    ["ms", null, 2],
  ]);
  expect(await groups("agent")).toEqual([
    ["bytes", null, 9],
    ["ms", "x", 1],
    ["ms", "y", 3],
  ]);
  expect(await groups("type")).toEqual([
    ["bytes", null, 9],
    ["ms", "t", 2],
  ]);
  expect(await groups("inbox")).toEqual([
    ["bytes", null, 9],
    ["ms", "i", 3],
    ["ms", null, 1],
  ]);
});

test("a trend has the mean of each part of the window, and nothing where nothing was", async () => {
  const { clock, store } = await newVitals();
  const at = (minute: number) => clock.now() - hourMs + minute * 60_000;
  await record(store, [
    { ...pointOf("a", 1), at: at(1) },
    { ...pointOf("a", 3, { agent: "x" }), at: at(2) },
    { ...pointOf("a", 8), at: at(59) },
  ]);
  const [{ trend, ratePerS } = { trend: [], ratePerS: 0 }] = (await ask(store)).figures;
  expect(trend).toEqual([2, ...Array.from({ length: 18 }, () => null), 8]);
  expect(ratePerS).toBe(3 / 3_600);
});
