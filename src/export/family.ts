// A family from pairs of labels and values. Pure.
import type { Family, Labels, Sample } from "./exposition.ts";

export type Pairs = readonly (readonly [Labels, number])[];

/** A gauge of `pairs`, a value for each set of labels. */
export function gauge(name: string, help: string, pairs: Pairs): Family {
  return { name, type: "gauge", help, samples: samplesOf(pairs) };
}

/** A counter of `pairs`, likewise. */
export function counter(name: string, help: string, pairs: Pairs): Family {
  return { name, type: "counter", help, samples: samplesOf(pairs) };
}

function samplesOf(pairs: Pairs): Sample[] {
  return pairs.map(([labels, value]) => ({ labels, value }));
}
