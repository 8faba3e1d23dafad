// What two that did something at the same instant may both have been told.
import type { Outcome, Verb } from "./verbs.ts";

/** What each verb may be refused with, when another one was faster. */
const refusals: Readonly<Record<Verb, readonly string[]>> = {
  claim: ["E_DRAINING"],
  ack: ["E_STALE"],
  nack: ["E_STALE"],
  extend: ["E_STALE"],
  expire: [],
  purge: [],
  // Whoever resumes takes the drain away from under the one that waits for it.
  drain: ["E_FAILED"],
  resume: [],
};

/** What is wrong with how both went; undefined when nothing is. */
export function faultOfPair(
  [one, other]: readonly [Verb, Verb],
  [first, second]: readonly [Outcome, Outcome],
): string | undefined {
  for (const [verb, outcome] of [
    [one, first],
    [other, second],
  ] as const)
    if ("refused" in outcome && !refusals[verb].includes(outcome.refused))
      return `${verb} was refused with ${outcome.refused}`;
  const acks = count(
    "acked",
    one === "ack" ? first : undefined,
    other === "ack" ? second : undefined,
  );
  if (one === "ack" && other === "ack" && acks !== 1) return `${acks} of two acks were the first`;
  const settled = [one, other].filter((verb, at) => isSettled(verb, at === 0 ? first : second));
  if (one !== other && settled.length > 1) return `both ${settled.join(" and ")} settled it`;
  if (one === "claim" && other === "claim" && "done" in first && "done" in second) {
    const both = (first.done as number[]).filter((id) => (second.done as number[]).includes(id));
    if (both.length > 0) return `${both.join(", ")} was claimed twice`;
  }
  return undefined;
}

/** Whether `verb` ended a lease for good or gave it back. */
function isSettled(verb: Verb, outcome: Outcome): boolean {
  return (verb === "ack" || verb === "nack") && "done" in outcome && outcome.done !== "already";
}

function count(what: unknown, ...outcomes: (Outcome | undefined)[]): number {
  return outcomes.filter((one) => one !== undefined && "done" in one && one.done === what).length;
}
