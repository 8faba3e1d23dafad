import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  type Histogram,
  addHistogram,
  addValue,
  bucketOf,
  percentilesOf,
  relativeError,
} from "../../src/metrics/histogram.ts";
import { casesMs, casesOf } from "../helpers/cases.ts";

function histogramOf(values: readonly number[]): Histogram {
  const histogram: Histogram = {};
  for (const value of values) addValue(histogram, value);
  return histogram;
}

const value = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -1_000, max: 1_000 }),
);
const values = fc.array(value, { minLength: 1, maxLength: 200 });

test(
  "a percentile lies within its error of the value at that rank, however the values were parted before they were added up",
  () => {
    fc.assert(
      fc.property(values, values, fc.integer({ min: 0, max: 100 }), (some, others, percent) => {
        const merged = histogramOf(some);
        addHistogram(merged, histogramOf(others));
        const sorted = [...some, ...others].sort((a, b) => a - b);
        // The smallest value that is not exceeded by at least so many of all: counted, not reckoned.
        const exact = sorted.find(
          (one) => sorted.filter((other) => other <= one).length * 100 >= sorted.length * percent,
        )!;
        const [found] = percentilesOf(merged, [percent]);
        // Numbers so small that they have no digits left are as good as zero.
        expect(Math.abs(found! - exact)).toBeLessThanOrEqual(
          Math.abs(exact) * relativeError * (1 + 1e-9) + 1e-300,
        );
      }),
      { numRuns: casesOf(1_000) },
    );
  },
  casesMs(60_000),
);

test("a percentile of the largest numbers is no further off, and a number", () => {
  for (let share = 1; share > 0.9; share -= 0.001) {
    const largest = Number.MAX_VALUE * share;
    const [found] = percentilesOf(histogramOf([largest]), [50]);
    expect(Math.abs(found! / largest - 1)).toBeLessThanOrEqual(relativeError * (1 + 1e-9));
  }
});

test("zero has a bucket of its own, and each sign has others", () => {
  expect([0, -0, 1, -1].map(bucketOf)).toEqual(["z", "z", "p0", "n0"]);
});
