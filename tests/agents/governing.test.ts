import { describe, expect, test } from "bun:test";
import {
  type Decision,
  type Thresholds,
  decide,
  heldTo,
  unheld,
} from "../../src/agents/governing.ts";
import type { Strain } from "../../src/core/strain.ts";
import { defaults } from "../../src/config/settings.ts";

const thresholds: Thresholds = defaults.governor;
const well: Strain = { load: 100, pressure: 0, memory: 60 };

/** The levels that follow one another when somebody looks each second, and what `strain` says then. */
function follow(strains: readonly Partial<Strain>[], from: Decision = unheld(0)) {
  let decision = from;
  return strains.map((strain, second) => {
    decision = decide(decision, { ...well, ...strain }, thresholds, (second + 1) * 1_000);
    return decision;
  });
}

const seconds = (count: number, strain: Partial<Strain> = {}) =>
  Array.from({ length: count }, () => strain);
const levelsOf = (decisions: readonly Decision[]) => decisions.map(({ level }) => level);

describe("what is held back", () => {
  test("is nothing while all is well, or between the thresholds", () => {
    const strains = [{}, { load: 400 }, { pressure: 20 }, { memory: 5 }, { load: 300, memory: 7 }];
    expect(levelsOf(follow([...seconds(5), ...strains]))).toEqual(Array(10).fill(100));
  });
  test("goes down by a step each 5 s while it is too much, to a quarter and never further", () => {
    const levels = levelsOf(follow(seconds(60, { load: 401 })));
    expect(levels.slice(0, 4)).toEqual([100, 100, 100, 100]);
    expect(levels.slice(4, 9)).toEqual([50, 50, 50, 50, 50]);
    expect(levels.slice(9)).toEqual(Array(51).fill(25));
  });
  test("comes back by a step each 5 s, once every sign is well and not only the worst one", () => {
    const held: Decision = { level: 25, cause: "load", reason: "x", tick: 0 };
    expect(levelsOf(follow(seconds(10, { load: 300 }), held))).toEqual(Array(10).fill(25));
    const still = { load: 100, memory: 9 };
    expect(levelsOf(follow(seconds(10, still), held))).toEqual(Array(10).fill(25));
    const levels = levelsOf(follow(seconds(12, { load: 200, pressure: 5, memory: 10 }), held));
    expect(levels).toEqual([...Array(4).fill(25), ...Array(5).fill(50), ...Array(3).fill(100)]);
  });
  test("does not go back and forth with a sign that does, but for a step each 5 s", () => {
    const turns = Array.from({ length: 60 }, (_, n) => ({ load: n % 2 === 0 ? 900 : 50 }));
    const levels = levelsOf(follow(turns));
    const changes = levels.filter((level, n) => n > 0 && level !== levels[n - 1]);
    expect(changes.length).toBeLessThanOrEqual(12);
  });
  test("is said with the sign as it is now, the want of memory before the load", () => {
    const [first, second, third] = follow(
      [{ load: 520 }, { load: 610, pressure: 34.27 }, { load: 900, memory: 3.04 }],
      { ...unheld(0), tick: -10_000 },
    );
    expect(first).toMatchObject({
      level: 50,
      cause: "load",
      reason: "5.2 tasks to each processor",
    });
    expect(second).toMatchObject({
      level: 50,
      cause: "memory",
      reason: "memory pressure 34.3 % (some avg10)",
    });
    expect(third).toMatchObject({ reason: "3 % of the memory is left" });
    const free = follow(seconds(20), third).at(-1)!;
    expect(free).toMatchObject({ level: 100, cause: null, reason: null });
  });
});

describe("a machine that", () => {
  const silent: Strain = { load: null, pressure: null, memory: null };
  test("says nothing holds nothing back, and lets go what was held", () => {
    expect(levelsOf(follow(seconds(20, silent)))).toEqual(Array(20).fill(100));
    const held: Decision = { level: 25, cause: "memory", reason: "x", tick: 0 };
    expect(follow(seconds(10, silent), held).at(-1)).toMatchObject({ level: 100, reason: null });
  });
  test("says one thing alone is judged by that", () => {
    for (const sign of [{ load: 500 }, { pressure: 50 }, { memory: 1 }])
      expect(follow(seconds(5, { ...silent, ...sign })).at(-1)?.level).toBe(50);
  });
});

test("of however few, one always goes on", () => {
  const all = [1, 2, 3, 16, 10_000].flatMap((most) => [100, 50, 25].map((l) => heldTo(most, l)));
  expect(Math.min(...all)).toBe(1);
  expect(heldTo(16, 100)).toBe(16);
  expect(heldTo(16, 25)).toBe(4);
});
