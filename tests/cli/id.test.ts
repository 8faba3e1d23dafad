import { expect, test } from "bun:test";
import { idOf } from "../../src/cli/id.ts";

test("an id is a whole number from 1 that can be held exactly", () => {
  expect(idOf("1", "a message")).toBe(1);
  expect(idOf("999999999999999", "a message")).toBe(999_999_999_999_999);
});

test("anything else is refused, and named", () => {
  for (const text of ["", "0", "-1", "+1", "1.5", "1e3", "007", "x", " 1", "1000000000000000"])
    expect(() => idOf(text, "a message")).toThrow(
      expect.objectContaining({
        code: "E_USAGE",
        message: `${JSON.stringify(text)} is not the id of a message`,
      }),
    );
});
