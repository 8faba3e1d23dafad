import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  look,
  multiplierMax,
  newDetector,
  silenceMaxMs,
  usualTimes,
} from "../../src/agents/detector.ts";
import type { Sign } from "../../src/agents/suspicion.ts";
import { start, watch } from "./watched-swarm.ts";

describe("a swarm that is well", () => {
  test("is never suspected, however long it is watched", () => {
    const swarm = watch(100);
    swarm.pass(600_000);
    expect(swarm.told).toEqual([]);
    expect(swarm.multiplier()).toBe(1);
  });

  test("may beat late by almost two beats out of three", () => {
    const swarm = watch(1);
    swarm.pass(30_000);
    swarm.silence(0);
    swarm.pass(9_000);
    swarm.wake(0);
    swarm.pass(60_000);
    expect(swarm.told).toEqual([]);
  });

  test("gets the whole time when it starts, and an agent that comes later too", () => {
    const swarm = watch(1);
    swarm.silence(0);
    swarm.agents[0]!.beatTick = start - 3_600_000;
    swarm.pass(15_000);
    expect(swarm.told).toEqual([]);
    swarm.agents.push({ ...swarm.agents[0]!, name: "late", host: 99 });
    swarm.pass(1_000);
    expect(swarm.told.map(({ name }) => name)).toEqual(["a-0"]);
    swarm.pass(14_000);
    expect(swarm.told).toHaveLength(1);
    swarm.pass(2_000);
    expect(swarm.told.map(({ name }) => name)).toEqual(["a-0", "late"]);
  });
});

describe("one that falls silent", () => {
  test("is suspected after 15 to 20 s, and no more once it beats", () => {
    const swarm = watch(10);
    swarm.pass(60_000);
    swarm.silence(3);
    swarm.pass(60_000);
    expect(swarm.told).toHaveLength(1);
    const { atMs, ...change } = swarm.told[0]!;
    expect(change).toMatchObject({ name: "a-3", suspect: true });
    expect(change.reason).toMatch(/^not heard of for 1[56]\.\ds$/);
    const silentMs = start + atMs - swarm.agents[3]!.beatTick!;
    expect(silentMs).toBeGreaterThan(15_000);
    expect(silentMs).toBeLessThanOrEqual(16_000);
    swarm.wake(3);
    swarm.pass(30_000);
    expect(swarm.told[1]).toMatchObject({ name: "a-3", suspect: false, reason: "heard of again" });
    expect(swarm.told).toHaveLength(2);
  });

  test.each([1, 2, 3])("of %d is no crowd", (count) => {
    const swarm = watch(count);
    swarm.pass(10_000);
    swarm.silence(0);
    swarm.pass(21_000);
    expect(swarm.told).toMatchObject([{ name: "a-0", suspect: true }]);
    expect(swarm.multiplier()).toBe(1);
  });

  test("is a shared host with all its agents, which are one to the detector", () => {
    const swarm = watch(100, (n) => n % 4);
    swarm.pass(10_000);
    const hung = swarm.agents.filter(({ host }) => host === 2);
    for (const agent of hung) agent.beats = false;
    swarm.pass(21_000);
    expect(swarm.told.map(({ name }) => name).sort()).toEqual(hung.map(({ name }) => name).sort());
    expect(swarm.multiplier()).toBe(1);
  });

  test("and is left out is forgotten, and begins anew when it comes back, under another host too", () => {
    const swarm = watch(2);
    swarm.silence(0);
    swarm.pass(20_000);
    expect(swarm.suspects()).toBe(1);
    const [gone] = swarm.agents.splice(0, 1);
    swarm.pass(1_000);
    expect([swarm.suspects(), swarm.told.length]).toEqual([0, 1]);
    swarm.agents.push({ ...gone!, host: 50 });
    swarm.pass(15_000);
    expect(swarm.told).toHaveLength(1);
    swarm.agents[1]!.host = 51;
    swarm.pass(15_000);
    expect(swarm.told).toHaveLength(1);
    swarm.pass(5_000);
    expect(swarm.told).toHaveLength(2);
  });
});

describe("stopped processes", () => {
  test("a host is told apart from a program, each after 15 s", () => {
    const swarm = watch(10);
    swarm.pass(30_000);
    swarm.silence(1);
    Object.assign(swarm.agents[1]!, { hostState: "T" });
    Object.assign(swarm.agents[2]!, { programState: "T" });
    swarm.pass(60_000);
    expect(swarm.told.map(({ atMs, ...change }) => [change, Math.round(atMs / 1_000)])).toEqual([
      [{ name: "a-1", suspect: true, reason: "its host is stopped, and had been for 15.0s" }, 46],
      [
        { name: "a-2", suspect: true, reason: "its program is stopped, and had been for 15.0s" },
        46,
      ],
    ]);
    swarm.wake(1);
    for (const agent of swarm.agents) Object.assign(agent, { hostState: "S", programState: "R" });
    swarm.pass(10_000);
    expect(swarm.told.slice(2).map(({ suspect, reason }) => [suspect, reason])).toEqual([
      [false, "heard of again"],
      [false, "its program goes on"],
    ]);
  });

  test("whoever stops all hosts is not mistaken for a detector that hears nothing", () => {
    const swarm = watch(10);
    swarm.pass(30_000);
    for (const agent of swarm.agents) Object.assign(agent, { beats: false, hostState: "T" });
    swarm.pass(17_000);
    expect(swarm.suspects()).toBe(10);
    expect(swarm.told.every(({ reason }) => reason.startsWith("its host is stopped"))).toBe(true);
    expect(swarm.multiplier()).toBe(1);
  });

  test("a program that is stopped for a moment is nobody's business", () => {
    const swarm = watch(1);
    for (let n = 0; n < 5; n++) {
      swarm.agents[0]!.programState = "T";
      swarm.pass(14_000);
      swarm.agents[0]!.programState = "S";
      swarm.pass(1_000);
    }
    expect(swarm.told).toEqual([]);
  });
});

describe("a detector that has reason to doubt itself", () => {
  test("is late: it waits twice as long, suspects nobody for an interval, and calms down", () => {
    const swarm = watch(10);
    swarm.pass(20_000);
    swarm.sleep(2_001);
    expect(swarm.multiplier()).toBe(2);
    swarm.pass(4_000);
    expect(swarm.multiplier()).toBe(2);
    swarm.pass(1_000);
    expect(swarm.multiplier()).toBe(1);
    swarm.sleep(2_000);
    expect(swarm.multiplier()).toBe(1);
    for (let n = 0; n < 5; n++) swarm.sleep(3_000);
    expect(swarm.multiplier()).toBe(multiplierMax);
    expect(swarm.told).toEqual([]);
  });

  test("holds what it would have said, and says it when it is sure", () => {
    const swarm = watch(10);
    swarm.pass(20_000);
    swarm.silence(0);
    swarm.agents[1]!.programState = "T";
    swarm.pass(14_000);
    // Both would be due now.
    swarm.sleep(3_000);
    expect(swarm.told).toEqual([]);
    swarm.pass(4_000);
    expect(swarm.told).toEqual([]);
    swarm.pass(2_000);
    expect(swarm.told.map(({ name }) => name).sort()).toEqual(["a-0", "a-1"]);
  });

  test("hears nothing of many at once: it waits up to eight times as long before it believes that", () => {
    const swarm = watch(100);
    swarm.pass(30_000);
    swarm.silence(...swarm.agents.keys());
    swarm.pass(90_000);
    expect([swarm.told.length, swarm.multiplier()]).toEqual([0, multiplierMax]);
    swarm.wake(...swarm.agents.keys());
    swarm.pass(60_000);
    expect([swarm.told.length, swarm.multiplier()]).toEqual([0, 1]);
    swarm.silence(...swarm.agents.keys());
    swarm.pass(130_000);
    expect(swarm.suspects()).toBe(100);
    swarm.pass(30_000);
    expect(swarm.multiplier()).toBe(1);
  });

  test("does not count those that it suspects already", () => {
    const swarm = watch(10);
    swarm.pass(30_000);
    for (const n of [0, 1, 2, 3, 4]) {
      swarm.silence(n);
      swarm.pass(21_000);
      expect([swarm.suspects(), swarm.multiplier()]).toEqual([n + 1, 1]);
    }
  });

  test("was asleep with the machine: nothing that is old counts, and what stays silent is found", () => {
    const swarm = watch(10);
    swarm.pass(30_000);
    swarm.silence(4);
    swarm.agents[5]!.programState = "T";
    swarm.sleep(8 * 3_600_000);
    // Nothing beat meanwhile either.
    for (const agent of swarm.agents) agent.beatTick = start + 30_000;
    swarm.pass(14_000);
    expect(swarm.told).toEqual([]);
    swarm.pass(20_000);
    expect(swarm.told.map(({ name }) => name).sort()).toEqual(["a-4", "a-5"]);
  });
});

describe("whatever happens", () => {
  const gaps = fc.array(fc.integer({ min: 1, max: 14_999 }), { minLength: 1, maxLength: 60 });

  test("nobody is suspected whose beats are less than 15 s apart, while the detector is on time", () => {
    fc.assert(
      fc.property(
        fc.array(gaps, { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 1, maxLength: 20 }),
        (agents, pauses) => {
          const beats = agents.map((list) =>
            list.map(
              (
                (at) => (gap) =>
                  (at += gap)
              )(start),
            ),
          );
          const last = Math.min(...beats.map((list) => list.at(-1)!));
          let detector = newDetector();
          for (let tick = start, n = 0; tick <= last; tick += pauses[n++ % pauses.length]!) {
            const signs = beats.map((list, host) => signAt(list, host, tick));
            const seen = look(detector, tick, signs);
            expect(seen.changes).toEqual([]);
            detector = seen.detector;
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test("who falls silent is suspected within 15 to 20 s, and nobody else, at looks each second", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.array(fc.integer({ min: 4_000, max: 6_000 }), { minLength: 10, maxLength: 40 }),
        fc.array(fc.integer({ min: -200, max: 200 }), { minLength: 1, maxLength: 10 }),
        fc.integer({ min: 0, max: 100_000 }),
        (count, intervals, jitters, silentFromMs) => {
          const list: number[] = [];
          for (let at = start, n = 0; at < start + 200_000; n++)
            list.push((at += intervals[n % intervals.length]!));
          const heard = list.filter((beat) => beat <= start + silentFromMs);
          const lastBeat = heard.at(-1) ?? start;
          let detector = newDetector();
          const told: number[] = [];
          for (let tick = start, n = 0; tick <= lastBeat + 25_000; n++) {
            const signs = Array.from({ length: count }, (_, host) =>
              signAt(host === 0 ? heard : list, host, tick),
            );
            const seen = look(detector, tick, signs);
            detector = seen.detector;
            expect(seen.changes.filter(({ name }) => name !== "a-0")).toEqual([]);
            if (seen.changes.length > 0) told.push(tick - lastBeat);
            tick += 1_000 + jitters[n % jitters.length]!;
          }
          expect(told).toHaveLength(1);
          expect(told[0]).toBeGreaterThan(15_000);
          expect(told[0]).toBeLessThanOrEqual(20_000);
        },
      ),
      { numRuns: 200 },
    );
  });

  function signAt(beats: readonly number[], host: number, tick: number): Sign {
    const beatTick = beats.findLast((beat) => beat <= tick) ?? null;
    return { name: `a-${host}`, host, beatTick, hostState: "S", programState: null };
  }
});

test("who beats less often is given three beats", () => {
  expect(silenceMaxMs(usualTimes, 1)).toBe(15_000);
  expect(silenceMaxMs(usualTimes, 8)).toBe(120_000);
  expect(silenceMaxMs({ ...usualTimes, beatEveryMs: 10_000 }, 2)).toBe(60_000);
  expect(silenceMaxMs({ ...usualTimes, beatEveryMs: 100 }, 1)).toBe(15_000);
});
