// Files with one mistake in them: whatever it is, it is told with the file and the line, and what is secret is not shown.
import fc from "fast-check";
import { expect } from "bun:test";
import { parse } from "smol-toml";
import { stringify } from "yaml";
import type { Mistake } from "../../src/core/errors.ts";

/** What stands where a secret would. */
export const marker = "hunter2hunter2";

const wrongValues = ["-1", "1e99", '"soon"', "true", "[]", "{}", "2020-01-01", '""', "nan", "[1"];

/** A change to one place of a file: of a line, a value, a character, a key. */
export const change = fc.oneof(
  fc.record({
    kind: fc.constant("value" as const),
    at: fc.nat(),
    value: fc.constantFrom(...wrongValues),
  }),
  fc.record({
    kind: fc.constant("key" as const),
    at: fc.nat(),
    value: fc.constantFrom("x", "zz", "__proto__", "constructor"),
  }),
  fc.record({ kind: fc.constant("cut" as const), at: fc.nat(), value: fc.constant("") }),
  fc.record({
    kind: fc.constant("put" as const),
    at: fc.nat(),
    value: fc.constantFrom('"', "'", "]", "}", "=", "\n", "#", "\u0000", "\u202e", "["),
  }),
  fc.record({ kind: fc.constant("twice" as const), at: fc.nat(), value: fc.constant("") }),
);
export type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** A file of `toml` in every language that it may be written in, each key on a line of its own. */
export function inEachLanguage(toml: string): [kind: string, text: string][] {
  const value = parse(toml);
  return [
    ["toml", toml],
    ["yaml", stringify(value)],
    ["json", JSON.stringify(value, null, 2)],
  ];
}

// `key = value`, `key: value` or `"key": value,`.
const entry = /^(\s*"?)(\w+)("?(?: =|:) )(.*?)(,?)$/;

/** `text` with that change. */
export function changed(text: string, { kind, at, value }: Change): string {
  const lines = text.split("\n");
  const set = lines.flatMap((line, n) => (entry.test(line) ? [n] : []));
  const n = set[at % set.length]!;
  if (kind === "value") lines[n] = lines[n]!.replace(entry, `$1$2$3${value}$5`);
  else if (kind === "key") lines[n] = lines[n]!.replace(entry, `$1$2${value}$3$4$5`);
  else if (kind === "twice") lines.splice(n, 0, lines[n]!);
  else {
    const place = at % text.length;
    return text.slice(0, place) + value + text.slice(place + (kind === "cut" ? 1 : 0));
  }
  return lines.join("\n");
}

/** Each of `mistakes` says where it is, with the column where the grammar is broken, and no more than it may. */
export function checkTold(mistakes: readonly Mistake[], file: string, lines: number): void {
  expect(mistakes.length).toBeGreaterThan(0);
  for (const { file: where, line, column, key, message, hint } of mistakes) {
    expect(where).toBe(file);
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines);
    if (/ is not valid (TOML|YAML|JSON): /.test(message)) {
      expect(column).toBeGreaterThanOrEqual(1);
      expect(message).toStartWith(`${file}:${line}:${column} is not valid `);
      expect(message).not.toEndWith("not understood");
    } else
      expect(message).toStartWith(key === "" ? `${file}:${line} ` : `${file}:${line}: ${key} `);
    for (const text of [message, hint ?? ""]) {
      expect(text).not.toContain(marker.slice(0, 7));
      expect(text).not.toMatch(/^\s+at .*:\d/m);
    }
  }
}
