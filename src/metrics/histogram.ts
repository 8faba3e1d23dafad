// A histogram whose buckets grow with the values in them: any two can be added up, and a percentile read off it is at most
// 1 % beside the value that it stands for. Pure.

/** How far from the true value a percentile can lie, as a share of it. */
export const relativeError = 0.01;

/** How many values are in each bucket, by its name: `z` for zero, `p12` and `n12` for the twelfth of the positive and negative ones. */
export type Histogram = Record<string, number>;

const growth = (1 + relativeError) / (1 - relativeError);
const logGrowth = Math.log(growth);
const logMiddle = Math.log(2 / (growth + 1));

/** The name of the bucket that `value` is in. */
export function bucketOf(value: number): string {
  if (value === 0) return "z";
  return `${value > 0 ? "p" : "n"}${Math.ceil(Math.log(Math.abs(value)) / logGrowth)}`;
}

/** Adds one value to `histogram`. */
export function addValue(histogram: Histogram, value: number): void {
  const bucket = bucketOf(value);
  histogram[bucket] = (histogram[bucket] ?? 0) + 1;
}

/** Adds all that is in `other` to `histogram`. */
export function addHistogram(histogram: Histogram, other: Histogram): void {
  for (const [bucket, count] of Object.entries(other))
    histogram[bucket] = (histogram[bucket] ?? 0) + count;
}

/** The values that so many whole percents of all do not exceed, by nearest rank; the histogram must not be empty. */
export function percentilesOf(histogram: Histogram, percents: readonly number[]): number[] {
  const buckets = Object.entries(histogram)
    .map(([bucket, count]) => ({ value: middleOf(bucket), count }))
    .sort((a, b) => a.value - b.value);
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  return percents.map((percent) => {
    let left = Math.max(1, Math.ceil((total * percent) / 100));
    for (const { value, count } of buckets) {
      left -= count;
      if (left <= 0) return value;
    }
    return buckets.at(-1)!.value;
  });
}

// The value that is as far from both ends of its bucket, reckoned in shares of them.
function middleOf(bucket: string): number {
  if (bucket === "z") return 0;
  // Added before and not multiplied afterwards: the largest buckets end beyond the largest number there is.
  const middle = Math.min(
    Number.MAX_VALUE,
    Math.exp(Number(bucket.slice(1)) * logGrowth + logMiddle),
  );
  return bucket.startsWith("n") ? -middle : middle;
}
