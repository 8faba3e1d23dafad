import { describe, expect, test } from "bun:test";
import { openHeld, openPace, restOf } from "../../src/hosts/pace.ts";

/** An agent in a time that the test lets pass. */
function agent({ pauseMaxMs = 2_000, random = 0.5 } = {}) {
  let now = 1_000_000;
  const clock = () => now;
  const held = openHeld(clock);
  const pace = openPace(held, { pauseMaxMs }, clock, () => random);
  return {
    held,
    pace,
    pass: (ms: number) => void (now += ms),
    work(ms: number) {
      pace.taken();
      pace.works(true);
      now += ms;
      pace.works(false);
    },
  };
}

describe("a host", () => {
  test("is held back as long as it was told, and no longer when nobody says it again", () => {
    const { held, pass } = agent();
    expect(held.level()).toBe(100);
    held.hold(25, 15_000);
    pass(14_999);
    expect(held.level()).toBe(25);
    pass(1);
    expect(held.level()).toBe(100);
  });
  test("that was told that all is well is held back no more", () => {
    const { held } = agent();
    held.hold(25, 15_000);
    held.hold(100, 15_000);
    expect(held.level()).toBe(100);
  });
});

describe("an agent", () => {
  test("rests as long as it worked at 50 %, three times as long at 25 %, and never when all is well", () => {
    for (const [level, restMs] of [
      [100, 0],
      [50, 400],
      [25, 1_200],
    ] as const) {
      const { held, pace, work } = agent();
      held.hold(level, 60_000);
      work(400);
      expect(pace.restMs()).toBe(restMs);
    }
  });
  test("rests for no longer than it may, however long it worked", () => {
    const { held, pace, work, pass } = agent();
    held.hold(25, 60_000_000);
    work(3_600_000);
    expect(pace.restMs()).toBe(2_000);
    pass(1_500);
    expect(pace.restMs()).toBe(500);
    pass(500);
    expect(pace.restMs()).toBe(0);
  });
  test("that had nothing to do has had its rest by then", () => {
    const { held, pace, work, pass } = agent();
    held.hold(50, 60_000);
    work(400);
    pass(300);
    expect(pace.restMs()).toBe(100);
  });
  test("that was idle for long does not begin in the same moment as all others that were", () => {
    for (const random of [0, 0.5, 1]) {
      const { held, pace } = agent({ random });
      held.hold(25, 60_000);
      expect(pace.restMs()).toBe(random * 1_500);
    }
  });
  test("that goes on with one message gets the next one in the end", () => {
    const { held, pace, pass } = agent();
    held.hold(25, 60_000_000);
    pace.taken();
    pace.works(true);
    pass(10_000);
    expect(pace.restMs()).toBe(2_000);
    pass(2_000);
    expect(pace.restMs()).toBe(0);
    // And so with the one after it: from there on its work counts anew.
    pace.taken();
    pass(100);
    expect(pace.restMs()).toBe(300);
  });
  test("is not held back at all where it may not rest", () => {
    const { held, pace, work } = agent({ pauseMaxMs: 0 });
    held.hold(25, 60_000);
    work(400);
    expect(pace.restMs()).toBe(0);
  });
  test("tries again after a longer while when it is held back", () => {
    const { held, pace } = agent();
    expect(pace.stretched(200)).toBe(200);
    held.hold(25, 60_000);
    expect(pace.stretched(200)).toBe(800);
  });
});

test("of many that always have work as many are at it as the level says, and not all at one time", () => {
  for (const level of [50, 25])
    for (const workedMs of [1, 30, 400]) {
      const rests = [0, 0.25, 0.5, 0.75, 1].map((random) => restOf(level, workedMs, 0, random));
      expect(new Set(rests).size).toBe(5);
      const meanMs = rests.reduce((sum, ms) => sum + ms) / rests.length;
      expect(workedMs / (workedMs + meanMs)).toBeCloseTo(level / 100, 10);
    }
});
