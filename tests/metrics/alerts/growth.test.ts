import { expect, test } from "bun:test";
import { openGrowth } from "../../../src/metrics/alerts/growth.ts";

const times = { growthWindowMs: 400, warmUpMs: 100 };
const process = (memoryBytes: number, startTime = 1) => ({
  pid: 7,
  startTime,
  owner: "a program",
  memoryBytes,
  descriptors: memoryBytes / 10,
});

test("growth is told after the warm-up and a window, from the least of its first part to that of its last", () => {
  const growth = openGrowth(times);
  expect(growth.read()).toBeUndefined();
  // What it takes to start does not count.
  growth.see(0, [process(10)]);
  for (const [tick, bytes] of [
    [100, 1_000],
    [200, 1_000],
    [300, 9_000],
    [350, 1_000],
  ])
    growth.see(tick!, [process(bytes!)]);
  expect(growth.read()!.memory).toEqual([{ subject: "a program 7", value: null }]);
  // A peak that goes away is no growth.
  growth.see(400, [process(9_000)]);
  growth.see(450, [process(1_200)]);
  expect(growth.read()!.memory[0]!.value).toBeCloseTo(20);
  expect(growth.read()!.descriptors[0]!.value).toBe(20);
});

test("another process of the same number begins anew, and one that has ended is gone", () => {
  const growth = openGrowth(times);
  for (let tick = 0; tick <= 600; tick += 50) growth.see(tick, [process(1_000 + tick)]);
  expect(growth.read()!.memory[0]!.value).toBeGreaterThan(0);
  growth.see(700, [process(50_000, 2)]);
  expect(growth.read()!.memory).toEqual([{ subject: "a program 7", value: null }]);
  growth.see(800, []);
  expect(growth.read()!.memory).toEqual([]);
});
