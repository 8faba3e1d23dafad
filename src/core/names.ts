// Names of inboxes, agents and swarms, and the guess at what a mistyped one was meant to be.
import { SkepError } from "./errors.ts";

/** What every name matches (design, section 6). */
export const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The sender of a route that holds for whoever sends; no name. */
export const anybody = "*";

/** The topic that skep publishes alerts on. */
export const alertsTopic = "alerts";

/** What the swarm itself is called where its agents are named: in its logs. No agent has that name. */
export const swarmLogName = "skep";

/** `name` itself when it is a valid name of `what` ("inbox", "agent" …); E_NAME otherwise. */
export function checkName(name: string, what: string): string {
  if (namePattern.test(name)) return name;
  const shown = JSON.stringify(name.length > 80 ? `${name.slice(0, 77)}...` : name);
  throw new SkepError("E_NAME", `${shown} is not a valid ${what} name`, {
    hint: "A name has 1 to 64 characters: letters, digits, dot, dash, underscore; the first a letter or digit.",
  });
}

/** The one of `known` that `word` was probably meant to be, or undefined when none is near. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** "did you mean x?" for an error's hint, or undefined when nothing is near. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  const guess = nearest(word, known);
  return guess === undefined ? undefined : `Did you mean ${guess}?`;
}

// Optimal string alignment: insert, delete, replace and swap of neighbours cost one each.
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, beforeLast[j - 2]! + 1);
      row.push(least);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length]!;
}
