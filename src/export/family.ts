// A family from labels and their values. Pure.
import type { Family, Labels, Sample } from "./exposition.ts";

/** Labels with their value and, of a counter, since when it counts. */
export type Pairs = readonly (readonly [
  labels: Labels,
  value: number,
  since?: number | undefined,
])[];

/** A gauge of `pairs`, a value for each set of labels. */
export function gauge(name: string, help: string, pairs: Pairs): Family {
  return { name, type: "gauge", help, samples: samplesOf(pairs) };
}

/** A counter of `pairs`, likewise. */
export function counter(name: string, help: string, pairs: Pairs): Family {
  return { name, type: "counter", help, samples: samplesOf(pairs) };
}

function samplesOf(pairs: Pairs): Sample[] {
  return pairs.map(([labels, value, since]) => ({ labels, value, since }));
}
