import { expect, test } from "bun:test";
import { systemClock } from "../../src/core/clock.ts";
import { recordPoints } from "../../src/metrics/record.ts";
import { tailPoints } from "../../src/metrics/tail.ts";
import type { Store } from "../../src/store/store.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { openVitals, pointOf, vitalsStores } from "./vitals.ts";

const newVitals = vitalsStores();

const record = (store: Store, name: string, ...values: number[]) =>
  store.write((tx) =>
    recordPoints(
      tx,
      values.map((value) => pointOf(name, value)),
    ),
  );

/** Up to `count` values of what `tail` tells. */
async function next(tail: ReturnType<typeof tailPoints>, count: number): Promise<number[]> {
  const values: number[] = [];
  while (values.length < count) {
    const { value: points, done } = await tail.next();
    if (done === true) break;
    values.push(...points.map(({ value }) => value));
  }
  return values;
}

test("the newest come first and in their order, then whatever is recorded", async () => {
  const { store } = await newVitals();
  await record(store, "a", 1, 2, 3);
  const over = new AbortController();
  const tail = tailPoints(async () => store, { last: 2, follow: over.signal });
  expect(await next(tail, 2)).toEqual([2, 3]);
  await record(store, "a", ...Array.from({ length: 2_500 }, (_, n) => n));
  expect(await next(tail, 2_500)).toEqual(Array.from({ length: 2_500 }, (_, n) => n));
  over.abort();
  expect((await tail.next()).done).toBe(true);
});

test("of one metric none of another is told", async () => {
  const { store } = await newVitals();
  await record(store, "a", 1);
  await record(store, "b", 2);
  expect(
    await next(
      tailPoints(async () => store, { last: 9, name: "a" }),
      9,
    ),
  ).toEqual([1]);
});

test("when the file is deleted it goes on with the new one", async () => {
  const first = await openVitals(tempDir(), systemClock());
  const second = await openVitals(tempDir(), systemClock());
  await record(first, "a", 1, 2, 3);
  let store = first;
  const over = new AbortController();
  const tail = tailPoints(async () => store, { last: 9, follow: over.signal });
  expect(await next(tail, 3)).toEqual([1, 2, 3]);
  await record(second, "a", 4);
  store = second;
  expect(await next(tail, 1)).toEqual([4]);
  over.abort();
  await first.close();
  await second.close();
});
