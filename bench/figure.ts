// A figure: what was measured round by round, and what it is held against.

export interface Figure {
  name: string;
  unit: string;
  /** Whether more or less of it is wanted. */
  wanted: "more" | "less";
  /** One value per round. */
  ours: number[];
  /** What was measured beside it, in the same rounds. */
  reference?: { name: string; values: number[] };
  /** What has to be reached: by the median itself, or by its ratio to the reference. */
  target?: { of: "value" | "ratio"; limit: number };
}

export interface Summary {
  name: string;
  unit: string;
  median: number;
  least: number;
  most: number;
  reference?: { name: string; median: number };
  /** Ours by the reference's, round by round. */
  ratio?: { median: number; least: number; most: number };
  target?: string;
  /** Undefined where there is no target, or no reference to hold it against. */
  met?: boolean;
}

/** The figure in one line: medians of the rounds, and how far they lie apart. */
export function summarise({ name, unit, wanted, ours, reference, target }: Figure): Summary {
  const summary: Summary = { name, unit, ...spread(ours) };
  // Empty: the reference is not at hand.
  if (reference !== undefined && reference.values.length > 0) {
    summary.reference = { name: reference.name, median: median(reference.values) };
    // Each round's own ratio: what slows the machine for a while slows both alike.
    summary.ratio = spread(ours.map((value, round) => value / reference.values[round]!));
  }
  if (target === undefined) return summary;
  const { of, limit } = target;
  summary.target = `${wanted === "more" ? "≥" : "≤"} ${limit}${of === "ratio" ? " ×" : ` ${unit}`}`;
  const reached = of === "value" ? summary.median : summary.ratio?.median;
  if (reached !== undefined) summary.met = wanted === "more" ? reached >= limit : reached <= limit;
  return summary;
}

/** The middle of `values`, or the mean of the two in the middle; NaN when there are none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

/** The value that `share` (0..1) of `values` do not exceed; NaN when there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/**
 * What the median of whatever `values` were drawn from exceeds with 95 % certainty: the largest of them below which so few lie that
 * chance alone would do it in one case of 20 at most. The least one when they are too few to say.
 */
export function lowerBound(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  let [chance, below] = [2 ** -sorted.length, 0];
  for (let term = chance; ;) {
    term = (term * (sorted.length - below)) / (below + 1);
    if (chance + term > 0.05 || below + 1 >= sorted.length) break;
    chance += term;
    below++;
  }
  // So many or fewer below the median are unlikely; the next one is still above it.
  return sorted[chance > 0.05 ? 0 : below] ?? Number.NaN;
}

function spread(values: readonly number[]): { median: number; least: number; most: number } {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}
