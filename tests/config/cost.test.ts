import { expect, test } from "bun:test";
import { costOf } from "../../src/config/cost.ts";

test("a swarm takes something itself, and the same for each agent", () => {
  expect(costOf(0)).toEqual({ files: 64, tasks: 32, megabytes: 100 });
  expect(costOf(100)).toEqual({ files: 464, tasks: 532, megabytes: 750 });
  expect(costOf(708)).toEqual({ files: 2_896, tasks: 3_572, megabytes: 4_702 });
});
