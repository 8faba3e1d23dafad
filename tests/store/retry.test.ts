import { expect, test } from "bun:test";
import { retryMs } from "../../src/store/retry.ts";

const many = (queues: boolean, failures: number) =>
  Array.from({ length: 1_000 }, () => retryMs(queues, failures));

test("the first in a queue tries again within 9 ms, however often it failed", () => {
  for (const failures of [1, 50]) {
    expect(Math.min(...many(true, failures))).toBeGreaterThanOrEqual(1);
    expect(Math.max(...many(true, failures))).toBeLessThanOrEqual(9);
  }
});

test.each([
  [1, 8],
  [4, 27],
  [9, 205],
  [10, 250],
  [100_000, 250],
])("without a queue, %d failures spread the crowd over %d ms", (failures, windowMs) => {
  const sleeps = many(false, failures);
  expect(Math.min(...sleeps)).toBeGreaterThanOrEqual(0);
  expect(Math.min(...sleeps)).toBeLessThan(windowMs * 0.1);
  expect(Math.max(...sleeps)).toBeLessThanOrEqual(windowMs + 1);
  expect(Math.max(...sleeps)).toBeGreaterThan(windowMs * 0.9);
});
