// The kinds of value a configuration can hold, each with the words for what is allowed there.
// A message finishes the sentence "<key> …"; what follows its line break is the hint.
import * as v from "valibot";
import { formatDuration, parseDurationMs } from "../../core/durations.ts";
import { didYouMean, namePattern } from "../../core/names.ts";

/** A table with these keys and no others. */
export function table<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.strictObject(entries, (issue) => {
    const keys = Object.keys(entries);
    if (issue.expected === "never")
      return `is not known\n${didYouMean(lastKey(issue), keys) ?? `Known here: ${keys.join(", ")}.`}`;
    return issue.received === "undefined" ? "is missing" : "must be a table of keys and values";
  });
}

/** A whole number within these bounds. */
export function whole(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}`;
  return v.pipe(
    v.number(message),
    v.integer(message),
    v.minValue(least, message),
    v.maxValue(most, message),
  );
}

const weekMs = 7 * 24 * 3_600_000;

/** A duration as people write it, in milliseconds afterwards; a week at most, so that every timer can hold it, unless it is said that more will do. */
export function duration(leastMs: number, mostMs = weekMs) {
  const message =
    `must be a duration from ${formatDuration(leastMs)} to ${formatDuration(mostMs)}\n` +
    "Write a number and a unit: 500ms, 5s, 2m or 1h.";
  return v.pipe(
    v.string(message),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const ms = durationMs(dataset.value);
      if (ms >= leastMs && ms <= mostMs) return ms;
      addIssue({ message });
      return NEVER;
    }),
  );
}

/** One of these words. */
export function choice<const Words extends readonly string[]>(words: Words) {
  const message = `must be ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
  return v.picklist(words, (issue) => {
    const guess = typeof issue.input === "string" ? didYouMean(issue.input, words) : undefined;
    return guess === undefined ? message : `${message}\n${guess}`;
  });
}

/** A name as inboxes, agents and swarms have it. */
export function name() {
  const message =
    "must be a name of 1 to 64 characters\n" +
    "Letters, digits, dot, dash and underscore are allowed; the first is a letter or a digit.";
  return v.pipe(v.string(message), v.regex(namePattern, message));
}

function lastKey(issue: v.BaseIssue<unknown>): string {
  return String(issue.path?.at(-1)?.key ?? "");
}

function durationMs(text: string): number {
  try {
    return parseDurationMs(text, "");
  } catch {
    return Number.NaN;
  }
}
