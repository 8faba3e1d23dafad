import assert from "node:assert/strict";
import { test } from "node:test";
import { pointPages } from "../../src/metrics/pages.ts";
import { recordPoints } from "../../src/metrics/record.ts";
import { pointOf, vitalsStores } from "./vitals.ts";

const newStore = vitalsStores();

test("pages hold each point between two moments once, however many there are", async () => {
  const { clock, store } = await newStore();
  const record = (count: number) => {
    const points = Array.from({ length: count }, (_, n) => pointOf("n", n));
    return store.write((tx) => recordPoints(tx, points));
  };
  await record(2);
  clock.pass(1_000);
  const since = clock.now();
  await record(5_001);
  clock.pass(1_000);
  const until = clock.now();
  await record(3);
  const values: number[] = [];
  for await (const page of pointPages(store, { since, until }))
    values.push(...page.map(({ value }) => value));
  assert.deepEqual(
    values,
    Array.from({ length: 5_001 }, (_, n) => n),
  );
});
