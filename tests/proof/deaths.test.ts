import { expect, test } from "bun:test";
import { tookTooLong } from "./deaths.ts";

const quick = [4, 5, 6];

test("on a machine that is quick the limit is what was promised", () => {
  expect(tookTooLong([90, 100, 110], quick, 0.5, 100)).toBe(false);
  expect(tookTooLong([90, 101, 110], quick, 0.5, 100)).toBe(true);
});

test("on a machine that is slow the limit is four times what a bare process and two writes take", () => {
  const slow = [40, 50, 90];
  expect(tookTooLong([150, 200, 900], slow, 0.5, 100)).toBe(false);
  expect(tookTooLong([150, 201, 900], slow, 0.5, 100)).toBe(true);
  expect(tookTooLong([150, 200, 360], slow, 0.99, 100)).toBe(false);
  expect(tookTooLong([150, 200, 361], slow, 0.99, 100)).toBe(true);
});
