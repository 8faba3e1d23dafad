// Figures: what many values come to, and how they went in the course of time. Pure.
import { type Histogram, addHistogram, percentilesOf } from "./histogram.ts";

export interface Figures {
  count: number;
  mean: number;
  min: number;
  max: number;
  p50: number;
  p95: number;
  p99: number;
  /** How many a second, over the whole window. */
  ratePerS: number;
  /** The mean of each part of the window, in order; null for a part without any. */
  trend: (number | null)[];
}

/** A span of time, in milliseconds since 1970. */
export interface Window {
  since: number;
  until: number;
}

/** Into how many parts a window is divided for a trend. */
export const trendParts = 20;

/** The values of one metric in a window, as they come. */
export interface Values {
  /** Each of them; empty when they are only known by their histogram. */
  each: number[];
  histogram: Histogram;
  count: number;
  sum: number;
  min: number;
  max: number;
  /** Of each part of the window. */
  sums: number[];
  counts: number[];
}

/** No values yet. */
export function noValues(): Values {
  const parts = () => Array.from({ length: trendParts }, () => 0);
  const extremes = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  return { each: [], histogram: {}, count: 0, sum: 0, ...extremes, sums: parts(), counts: parts() };
}

/** Which part of `window` the time `at` is in. */
export function partOf({ since, until }: Window, at: number): number {
  const part = Math.floor(((at - since) / (until - since)) * trendParts);
  return Math.max(0, Math.min(trendParts - 1, part));
}

/** Adds one value, of the part `part` of the window. */
export function addOne(values: Values, value: number, part: number): void {
  values.each.push(value);
  values.count++;
  values.sum += value;
  if (value < values.min) values.min = value;
  if (value > values.max) values.max = value;
  values.sums[part]! += value;
  values.counts[part]! += 1;
}

/** Several values that are known by their histogram. */
export interface Rolled {
  count: number;
  sum: number;
  least: number;
  most: number;
  histogram: Histogram;
}

/** Adds values that are known by their histogram; then all are. */
export function addRolled(values: Values, rolled: Rolled, part: number): void {
  values.count += rolled.count;
  values.sum += rolled.sum;
  values.min = Math.min(values.min, rolled.least);
  values.max = Math.max(values.max, rolled.most);
  values.sums[part]! += rolled.sum;
  values.counts[part]! += rolled.count;
  addHistogram(values.histogram, rolled.histogram);
}

/** What `values`, of which there is one at least, come to. Percentiles are by nearest rank: exact where each value is known. */
export function figuresOf(values: Values, { since, until }: Window): Figures {
  const { each, histogram, count, sum, sums, counts } = values;
  const percents = [50, 95, 99];
  const clamp = (value: number) => Math.max(values.min, Math.min(values.max, value));
  const ranked =
    each.length > 0
      ? exactPercentiles(each, percents)
      : percentilesOf(histogram, percents).map(clamp);
  const [p50, p95, p99] = ranked as [number, number, number];
  return {
    count,
    // Rounding may put it beyond them.
    mean: clamp(sum / count),
    min: values.min,
    max: values.max,
    p50,
    p95,
    p99,
    ratePerS: count / ((until - since) / 1_000),
    trend: counts.map((count, part) => (count === 0 ? null : sums[part]! / count)),
  };
}

/** By nearest rank of `each`, of which there is one at least. */
export function exactPercentiles(each: readonly number[], percents: readonly number[]): number[] {
  // Whole percents, for shares such as 0.99 are not quite what they say, and a rank would be one too high now and then.
  const sorted = new Float64Array(each).sort();
  return percents.map((percent) => sorted[Math.ceil((sorted.length * percent) / 100) - 1]!);
}
