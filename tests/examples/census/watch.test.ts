import { expect, test } from "bun:test";
import { idleTime } from "../../../examples/census/watch.ts";

test("time in which the same is seen is idle, and any change ends it", () => {
  const idleMs = idleTime();
  expect(idleMs("planner,0", 100)).toBe(0);
  expect(idleMs("planner,0", 5_100)).toBe(5_000);
  expect(idleMs("planner,1", 6_000)).toBe(0);
  expect(idleMs("planner,1", 6_250)).toBe(250);
  expect(idleMs("1", 900_000)).toBe(0);
});
