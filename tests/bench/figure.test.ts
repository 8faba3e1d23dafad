import { expect, test } from "bun:test";
import { lowerBound } from "../../bench/figure.ts";

// The ranks are those in tables for the sign test, one-sided, at 5 %.
test.each([
  [1, 1],
  [5, 1],
  [8, 2],
  [20, 6],
  [40, 15],
])("of %i values the one of rank %i is what their median exceeds with certainty", (count, rank) => {
  // In disorder: 7 divides none of the counts.
  const values = Array.from({ length: count }, (_, n) => ((n * 7) % count) + 1);
  expect(lowerBound(values)).toBe(rank);
});
