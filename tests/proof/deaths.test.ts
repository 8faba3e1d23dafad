import { expect, test } from "bun:test";
import { tookTooLong } from "./deaths.ts";

const quick = [4, 5, 6];

test("on a machine that is quick the limit is what was promised", () => {
  expect(tookTooLong([90, 100, 110], quick, 0.5, 100)).toBe(false);
  expect(tookTooLong([90, 101, 110], quick, 0.5, 100)).toBe(true);
});

const slow = [40, 50, 90];

test("on a machine that is slow the limit is four times what a bare process and two writes take", () => {
  const half = (ms: number) => Array.from({ length: 100 }, (_, n) => (n < 60 ? ms : 900));
  expect(tookTooLong(half(200), slow, 0.5, 100)).toBe(false);
  expect(tookTooLong(half(201), slow, 0.5, 100)).toBe(true);
  const nearlyAll = (ms: number) => Array.from({ length: 100 }, (_, n) => (n < 40 ? 150 : ms));
  expect(tookTooLong(nearlyAll(360), slow, 0.99, 100)).toBe(false);
  expect(tookTooLong(nearlyAll(361), slow, 0.99, 100)).toBe(true);
});

test("of few deaths it is eight times as much", () => {
  expect(tookTooLong([150, 400, 900], slow, 0.5, 100)).toBe(false);
  expect(tookTooLong([150, 401, 900], slow, 0.5, 100)).toBe(true);
});
