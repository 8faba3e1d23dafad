// Files with one mistake in them: whatever it is, it is told with the file and the line, and what is secret is not shown.
import fc from "fast-check";
import { expect } from "bun:test";
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

/** `text` with that change. */
export function changed(text: string, { kind, at, value }: Change): string {
  const lines = text.split("\n");
  const set = lines.flatMap((line, n) => (/^\w+ = /.test(line) ? [n] : []));
  const n = set[at % set.length]!;
  const [key] = lines[n]!.split(" = ");
  if (kind === "value") lines[n] = `${key} = ${value}`;
  else if (kind === "key") lines[n] = lines[n]!.replace(key!, key + value);
  else if (kind === "twice") lines.splice(n, 0, lines[n]!);
  else {
    const place = at % text.length;
    return text.slice(0, place) + value + text.slice(place + (kind === "cut" ? 1 : 0));
  }
  return lines.join("\n");
}

/** Each of `mistakes` says where it is, and no more than it may. */
export function checkTold(mistakes: readonly Mistake[], file: string, lines: number): void {
  expect(mistakes.length).toBeGreaterThan(0);
  for (const { file: where, line, key, message, hint } of mistakes) {
    expect(where).toBe(file);
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines);
    const isSyntax = message.includes(" is not valid TOML: ");
    if (!isSyntax) expect(key).toMatch(/\S/);
    expect(message).toStartWith(isSyntax ? `${file}:${line} ` : `${file}:${line}: ${key} `);
    for (const text of [message, hint ?? ""]) {
      expect(text).not.toContain(marker.slice(0, 7));
      expect(text).not.toMatch(/^\s+at .*:\d/m);
    }
  }
}
