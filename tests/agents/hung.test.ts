import { describe, expect, test } from "bun:test";
import { type Turning, turningOf } from "../../src/agents/hung.ts";

interface Second {
  state: string;
  /** How much of it the host had a processor. */
  cpuMs: number;
  passedMs?: number;
  heard?: boolean;
}

/** For how long a host is taken to hang after these looks, one a second. */
function hungMs(seconds: readonly Second[]): number {
  let tick = 5_000_000;
  let heardTick = tick;
  let cpuMs = 70;
  const times = () => ({ tick, heardTick, lookEveryMs: 1_000 });
  let turning: Turning = turningOf(undefined, { state: "S", cpuMs }, times());
  for (const second of seconds) {
    tick += second.passedMs ?? 1_000;
    cpuMs += second.cpuMs;
    if (second.heard) heardTick = tick;
    turning = turningOf(turning, { state: second.state, cpuMs }, times());
  }
  return turning.hungMs;
}

const times = (count: number, second: Second) => Array.from({ length: count }, () => second);

describe("what counts is the time that a host could have said something", () => {
  for (const [what, seconds, ms] of [
    ["it computes", times(10, { state: "R", cpuMs: 1_000 }), 10_000],
    ["several of its threads do", times(10, { state: "R", cpuMs: 1_900 }), 10_000],
    ["it computes and gets a tenth of a processor", times(10, { state: "R", cpuMs: 100 }), 1_000],
    ["it waits for what nobody lets it out of", times(10, { state: "S", cpuMs: 0 }), 10_000],
    ["it is stopped", times(10, { state: "T", cpuMs: 0 }), 0],
    ["it waits for a disk", times(10, { state: "D", cpuMs: 0 }), 0],
    ["it gets no processor", times(10, { state: "R", cpuMs: 0 }), 0],
    ["nobody looked for an hour", [{ state: "S", cpuMs: 9_000, passedMs: 3_600_000 }], 1_000],
  ] as const)
    test(`${what}: ${ms} ms`, () => expect(hungMs(seconds)).toBe(ms));
});

test("a sign of life makes up for all that was before", () => {
  const busy: Second = { state: "R", cpuMs: 1_000 };
  expect(hungMs([...times(9, busy), { ...busy, heard: true }, busy])).toBe(1_000);
});
