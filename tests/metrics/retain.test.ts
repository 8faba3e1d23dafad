import { expect, test } from "bun:test";
import { recordPoints } from "../../src/metrics/record.ts";
import { pruneTx, retainAfter, retainMetrics } from "../../src/metrics/retain.ts";
import { pointOf, vitalsStores } from "./vitals.ts";

const newVitals = vitalsStores();
const hourMs = 3_600_000;
const keeping = { rawKeepMs: 2 * hourMs, rollupKeepMs: 10 * hourMs, rowsMax: 1_000_000 };

async function newRecord() {
  const { clock, store } = await newVitals();
  const count = async (table: string) =>
    (await store.read((tx) => tx.get<{ n: number }>(`select count(*) as n from ${table}`)))!.n;
  return {
    clock,
    store,
    record: (values: number, at = clock.now()) =>
      store.write((tx) =>
        recordPoints(
          tx,
          Array.from({ length: values }, (_, n) => ({ ...pointOf("x", n), at })),
        ),
      ),
    counts: async () => [await count("points"), await count("rollups"), await count("series")],
  };
}

test("points go before their roll-ups, and what nothing is left of is forgotten altogether", async () => {
  const { clock, store, record, counts } = await newRecord();
  await record(5);
  clock.pass(hourMs);
  await record(5);
  clock.pass(hourMs + 60_000);
  await retainMetrics(store, keeping);
  expect(await counts()).toEqual([5, 2, 1]);
  clock.pass(hourMs);
  await retainMetrics(store, keeping);
  expect(await counts()).toEqual([0, 2, 1]);
  clock.pass(7 * hourMs);
  await retainMetrics(store, keeping);
  expect(await counts()).toEqual([0, 1, 1]);
  clock.pass(4 * hourMs);
  await retainMetrics(store, keeping);
  expect(await counts()).toEqual([0, 0, 0]);
});

test("only the newest are kept, however young the others are", async () => {
  const { store, record, counts } = await newRecord();
  await record(7_000);
  await retainMetrics(store, { ...keeping, rowsMax: 1_500 });
  expect(await counts()).toEqual([1_500, 1, 1]);
  expect(await store.read((tx) => tx.get("select min(id) as first from points"))).toEqual({
    first: 5_501,
  });
});

test("a write takes no more than 2,000 rows away", async () => {
  const { clock, store, record } = await newRecord();
  await record(5_000);
  clock.pass(5 * hourMs);
  const turn = () => store.write((tx) => pruneTx(tx, keeping));
  expect([await turn(), await turn(), await turn(), await turn()]).toEqual([
    2_000, 2_000, 1_000, 0,
  ]);
});

test("what a clock wrote that was ahead is in nobody's way", async () => {
  const { clock, store, record, counts } = await newRecord();
  await record(3, clock.now() + 100 * hourMs);
  await record(2);
  clock.pass(3 * hourMs);
  await retainMetrics(store, keeping);
  expect(await counts()).toEqual([0, 1, 1]);
});

test("one point in a thousand has whoever wrote it do a turn", async () => {
  const { clock, store, record, counts } = await newRecord();
  await record(900);
  clock.pass(3 * hourMs);
  await retainAfter(store, keeping, { ...(await record(50)), count: 50 });
  expect((await counts())[0]).toBe(950);
  await retainAfter(store, keeping, { ...(await record(50)), count: 50 });
  expect((await counts())[0]).toBe(100);
});
