// The kinds of value a configuration can hold, each with the words for what is allowed there.
// A message finishes the sentence "<key> …"; what follows its line break is the hint.
import * as v from "valibot";
import { parseDurationMs, writeDuration } from "../../core/durations.ts";
import { didYouMean, namePattern } from "../../core/names.ts";
import { parsePerSecond } from "../../core/rates.ts";

/** A part of a JSON Schema. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What editors are told of a schema that they could not read off its form. */
export function editors<Input>(json: JsonSchema, forms?: readonly v.GenericSchema[]) {
  return v.metadata<Input, { json: JsonSchema; forms: readonly v.GenericSchema[] | undefined }>({
    json,
    forms,
  });
}

/** A table of any keys, as a schema to stand before another one; `what` it must be. */
export function anyTable<Table extends object = object>(what: string) {
  return v.custom<Table>(
    (value) => isTable(value) && !unusable.some((key) => Object.hasOwn(value, key)),
    (issue) =>
      isTable(issue.input)
        ? "cannot have a key called __proto__, constructor or prototype"
        : `must be ${what}`,
  );
}

/** A table with these keys and no others. */
export function table<const Entries extends v.ObjectEntries>(entries: Entries) {
  const keys = Object.keys(entries);
  const schema = v.pipe(
    anyTable("a table of keys and values"),
    v.looseObject(entries, "is missing"),
    // The library's own strict table stops at the first unknown key.
    v.rawCheck(({ dataset, addIssue }) => {
      for (const [key, value] of Object.entries(dataset.value as object))
        if (!keys.includes(key)) {
          const hint = didYouMean(key, keys) ?? `Known here: ${keys.join(", ")}.`;
          addIssue({ message: `is not known\n${hint}`, path: [step(dataset.value, key, value)] });
        }
    }),
  );
  return Object.assign(schema, { entries }) as unknown as v.StrictObjectSchema<Entries, undefined>;
}

/** Something that has to hold among the keys of a table. */
export interface Rule<Given> {
  /** The key it is told at. */
  key: keyof Given & string;
  /** The other keys it reads. It is not asked when one of them is wrong by itself. */
  and?: readonly (keyof Given & string)[];
  holds(given: Given): boolean;
  message: string;
}

/** Rules among the keys of a table, each of them checked, whatever else is wrong. */
export function rules<Given extends object>(all: readonly Rule<Given>[]) {
  return v.rawCheck<Given>(({ dataset, addIssue }) => {
    // No table at all, or none that was looked into.
    if (dataset.issues?.some((issue) => issue.path === undefined)) return;
    const given = dataset.value as Given;
    const wrong = new Set((dataset.issues ?? []).map((issue) => issue.path?.[0]?.key));
    for (const { key, and = [], holds, message } of all)
      if (!wrong.has(key) && !and.some((other) => wrong.has(other)) && !holds(given))
        addIssue({ message, path: [step(given, key, given[key])] });
  });
}

/** A whole number within these bounds; `hint` says what to do instead. */
export function whole(least: number, most: number, hint?: string) {
  const range = `must be a whole number from ${least} to ${most}`;
  const message = hint === undefined ? range : `${range}\n${hint}`;
  return v.pipe(
    v.number(message),
    v.integer(message),
    v.minValue(least, message),
    v.maxValue(most, message),
    editors({ type: "integer", minimum: least, maximum: most }),
  );
}

const weekMs = 7 * 24 * 3_600_000;

/** A duration as people write it, in milliseconds afterwards; a week at most, so that every timer can hold it, unless it is said that more will do. */
export function duration(leastMs: number, mostMs = weekMs) {
  const message =
    `must be a duration from ${writeDuration(leastMs)} to ${writeDuration(mostMs)}\n` +
    "Write a number and a unit: 500ms, 5s, 2m or 1h.";
  return v.pipe(
    v.string(message),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const ms = durationMs(dataset.value);
      if (ms >= leastMs && ms <= mostMs) return ms;
      addIssue({ message });
      return NEVER;
    }),
    editors({ type: "string", pattern: "^\\d+(\\.\\d+)?(ms|s|m|h|d)$" }),
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

/** How many in what time, as a number per second afterwards. */
export function rate(leastPerS: number, mostPerS: number) {
  const message = `must be a rate up to ${mostPerS}/s\nWrite how many in what time: "10/s", "100/m" or "0.5/h".`;
  return v.pipe(
    v.string(message),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const perS = parsePerSecond(dataset.value) ?? 0;
      if (perS >= leastPerS && perS <= mostPerS) return perS;
      addIssue({ message });
      return NEVER;
    }),
    editors({ type: "string", pattern: "^\\d+(\\.\\d+)?/(s|m|h)$" }),
  );
}

/** Whether something is so. */
export function flag() {
  return v.boolean("must be true or false");
}

/** Text without what no argument of a program can carry. */
export function text() {
  return v.pipe(
    v.string("must be text"),
    v.regex(/^[^\0]*$/, "must be text without NUL characters"),
  );
}

/** A name as inboxes, agents and swarms have it. */
export function name() {
  const message =
    "must be a name of 1 to 64 characters\n" +
    "Letters, digits, dot, dash and underscore are allowed; the first is a letter or a digit.";
  return v.pipe(
    v.string(message),
    v.regex(namePattern, message),
    editors({ type: "string", pattern: namePattern.source }),
  );
}

// Keys that the library would leave out without a word.
const unusable = ["__proto__", "constructor", "prototype"];

/** Whether it is a table: lists and dates are objects, too. */
export function isTable(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A step of the path to what an issue is about: the key `key` of the table `input`. */
export function step(input: unknown, key: string, value: unknown): v.IssuePathItem {
  return {
    type: "object",
    origin: "value",
    input: input as object,
    key,
    value,
  } as v.ObjectPathItem;
}

function durationMs(text: string): number {
  try {
    return parseDurationMs(text, "");
  } catch {
    return Number.NaN;
  }
}
