import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { checkParams } from "../../src/store/params.ts";
import type { Params } from "../../src/store/store.ts";

const engine = new Database(":memory:", { strict: true });

test.each([
  ["undefined", undefined],
  ["NaN", Number.NaN],
  ["2^63", 2n ** 63n],
  ["-2^63 - 1", -(2n ** 63n) - 1n],
])("%s is refused, for SQLite would store something else in silence", (_, value) => {
  expect(() => checkParams("select $a", { a: value } as Params)).toThrow(
    expect.objectContaining({
      code: "E_INTERNAL",
      message: expect.stringContaining("a cannot be bound to"),
    }),
  );
});

test.each([
  ["null", null],
  ["text with a NUL", "a\0b"],
  ["an empty text", ""],
  ["infinity", Infinity],
  ["a fraction", -1.5],
  ["a wall time", 1_790_000_000_000],
  ["the largest whole number", 2 ** 53 - 1],
  ["2^63 - 1", 2n ** 63n - 1n],
  ["-2^63", -(2n ** 63n)],
  ["bytes", Uint8Array.of(0, 255)],
  ["no bytes", new Uint8Array()],
])("%s is let through, and comes back as it is", (_, value) => {
  checkParams("select $a", { a: value });
  const statement = engine.prepare("select $a as a");
  const large = typeof value === "bigint";
  const row = (large ? statement.safeIntegers(true) : statement).get({ a: value } as never);
  expect(row).toEqual({ a: value });
});

test("no parameters are no fault", () => {
  expect(() => checkParams("select 1", {})).not.toThrow();
});
