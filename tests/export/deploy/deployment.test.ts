import { expect, test } from "bun:test";
import {
  cores,
  memoryMiB,
  stopSeconds,
  variablesOf,
} from "../../../src/export/deploy/deployment.ts";
import { example } from "./example.ts";

test("only what somebody chose is said, and where the home is", () => {
  expect(variablesOf(example, "/state")).toEqual({ SKEP_HOME: "/state", SKEP_BUS_LEASE: "30s" });
});
test("there is memory for the agents and as much again for their programs", () => {
  // 1,500 MB are 1,430.5 MiB.
  expect(memoryMiB(example)).toBe(1_472);
});
test("a swarm has the time that it may take to go down, and some more", () => {
  expect(stopSeconds(example)).toBe(32);
  expect(stopSeconds({ ...example, downMs: 27_001 })).toBe(33);
});
test("there is a core at least", () => {
  expect([1, 350, 351, 708].map((agents) => cores({ ...example, agents }))).toEqual([1, 1, 2, 3]);
});
