import { expect, test } from "bun:test";
import { boundsOf, stopSeconds, variablesOf } from "../../../src/export/deploy/deployment.ts";
import { example } from "./example.ts";

const { needs } = example;

test("only what somebody chose is said, and where the home is", () => {
  expect(variablesOf(example, "/state")).toEqual({ SKEP_HOME: "/state", SKEP_BUS_LEASE: "30s" });
});
test("there is memory for the swarm, as much again for its programs, and some for each of those", () => {
  // 1,500 MB are 1,430.5 MiB.
  expect(boundsOf(example).memoryMiB).toBe(1_472);
  const pooled = { ...example, needs: { ...needs, memoryBytes: 113e6, programs: 100 } };
  // 913 MB are 870.7 MiB.
  expect(boundsOf(pooled).memoryMiB).toBe(896);
  expect(boundsOf({ ...pooled, needs: { ...pooled.needs, programs: 0 } }).memoryMiB).toBe(256);
});
test("there are twice as many processes and files as it takes, and the disk in whole GiB", () => {
  expect(boundsOf(example)).toMatchObject({ tasks: 864, files: 928, storageGiB: 9 });
  const storageOf = (diskBytes: number) =>
    boundsOf({ ...example, needs: { ...needs, diskBytes } }).storageGiB;
  expect([1, 2 ** 30, 2 ** 30 + 1, 36 * 2 ** 30].map(storageOf)).toEqual([1, 1, 2, 36]);
});
test("a swarm has the time that it may take to go down, and some more", () => {
  expect(stopSeconds(example)).toBe(32);
  expect(stopSeconds({ ...example, downMs: 27_001 })).toBe(33);
});
test("there is a core at least", () => {
  const coresOf = (agents: number) => boundsOf({ ...example, agents }).cores;
  expect([1, 350, 351, 708].map(coresOf)).toEqual([1, 1, 2, 3]);
});
