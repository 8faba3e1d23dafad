import { expect, test } from "bun:test";
import { parsePerSecond } from "../../src/core/rates.ts";

test("a rate is so many a second, a minute or an hour", () => {
  expect(parsePerSecond("10/s")).toBe(10);
  expect(parsePerSecond("90/m")).toBe(1.5);
  expect(parsePerSecond("1800/h")).toBe(0.5);
  expect(parsePerSecond("0.5/s")).toBe(0.5);
});

test("anything else is no rate", () => {
  for (const text of ["", "10", "10/d", "-1/s", "1e3/s", "10 / s", "/s", "1./s", "1".repeat(16)])
    expect(parsePerSecond(text)).toBeUndefined();
});
