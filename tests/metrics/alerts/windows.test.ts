import { describe, expect, test } from "bun:test";
import type { PointsOf } from "../../../src/metrics/alerts/rules.ts";
import { type SeriesOf, openWindow, subjectMax } from "../../../src/metrics/alerts/windows.ts";

const usual: PointsOf = {
  of: "last",
  windowMs: 10_000,
  countMin: 1,
  by: null,
  tags: {},
  unit: null,
};

function windowOf(points: Partial<PointsOf> = {}, subject: string | null = null, among = 1) {
  return openWindow({ metric: "m", points: { ...usual, ...points }, subject, among });
}

const series = (tags: Record<string, string> = {}, agent: string | null = null): SeriesOf => ({
  unit: "ms",
  agent,
  tags,
});

describe("what points come to", () => {
  const values = [5, 1, 4, 2, 3];
  const results: [of: PointsOf["of"], value: number][] = [
    ["last", 3],
    ["min", 1],
    ["max", 5],
    ["mean", 3],
    ["sum", 15],
    ["count", 5],
    ["rate", 0.5],
    ["p50", 3],
    ["p95", 5],
    ["p99", 5],
  ];
  test.each(results)("%s", (of, value) => {
    const window = windowOf({ of });
    for (const [n, one] of values.entries()) window.add("m", 1_000 + n, one, "ms");
    const unit = { count: "points", rate: "points/s" }[of as string] ?? "ms";
    expect(window.read(2_000)).toEqual({ readings: [{ subject: "m", value }], unit });
  });
  test("a percentile is by nearest rank, a value that was there", () => {
    const window = windowOf({ of: "p95" });
    for (let n = 100; n > 0; n--) window.add("m", n, n, "ms");
    expect(window.read(100).readings).toEqual([{ subject: "m", value: 95 }]);
  });
  test("two numbers near the largest there is add up to that one", () => {
    const window = windowOf({ of: "sum" });
    for (const tick of [1, 2]) window.add("m", tick, Number.MAX_VALUE, "ms");
    expect(window.read(3).readings).toEqual([{ subject: "m", value: Number.MAX_VALUE }]);
  });
});

describe("a window", () => {
  test("has its points for as long as it is, and no subject without any", () => {
    const window = windowOf({ of: "max" });
    window.add("m", 1_000, 7, "ms");
    window.add("m", 6_000, 3, "ms");
    expect(window.read(10_999).readings).toEqual([{ subject: "m", value: 7 }]);
    expect(window.read(11_000).readings).toEqual([{ subject: "m", value: 3 }]);
    expect(window.read(15_999).readings).toEqual([{ subject: "m", value: 3 }]);
    expect(window.read(16_000).readings).toEqual([]);
  });
  test("says nothing with too few, which is not the same as none", () => {
    const window = windowOf({ of: "mean", countMin: 2 });
    window.add("m", 1_000, 7, "ms");
    expect(window.read(1_000).readings).toEqual([{ subject: "m", value: null }]);
    window.add("m", 2_000, 5, "ms");
    expect(window.read(2_000).readings).toEqual([{ subject: "m", value: 6 }]);
    expect(window.read(11_500).readings).toEqual([{ subject: "m", value: null }]);
    expect(window.read(12_000).readings).toEqual([]);
  });
  test("has what came late in its place", () => {
    const window = windowOf();
    window.add("m", 9_000, 2, "ms");
    window.add("m", 1_000, 1, "ms");
    expect(window.read(10_000).readings).toEqual([{ subject: "m", value: 2 }]);
    const max = windowOf({ of: "min" });
    max.add("m", 9_000, 2, "ms");
    max.add("m", 1_000, 1, "ms");
    expect(max.read(10_000).readings).toEqual([{ subject: "m", value: 1 }]);
    expect(max.read(11_000).readings).toEqual([{ subject: "m", value: 2 }]);
  });
  test("has the newest of very many, and reckons a rate over the time of those", () => {
    const [count, rate, min] = (["count", "rate", "min"] as const).map((of) =>
      windowOf({ of, windowMs: 2 * subjectMax }),
    );
    // One each millisecond, of which the first half finds no room.
    for (let tick = 1; tick <= 2 * subjectMax; tick++)
      for (const window of [count, rate, min]) window!.add("m", tick, tick, "ms");
    const value = (window: typeof count) => window!.read(2 * subjectMax).readings[0]!.value;
    expect(value(count)).toBe(subjectMax);
    expect(value(min)).toBe(subjectMax + 1);
    expect(value(rate)).toBe(1_000);
  });
  test("of many rules and subjects has fewer of each, and one of each at least", () => {
    const window = windowOf({ of: "count" }, null, 200_000);
    for (const tick of [1, 2, 3, 4, 5, 6]) window.add("a", tick, 1, "ms");
    for (const tick of [7, 8]) window.add("b", tick, 1, "ms");
    expect(window.read(9).readings).toEqual([
      { subject: "a", value: 5 },
      { subject: "b", value: 1 },
    ]);
  });
  test("that is filled and emptied for long says the same as a list would", () => {
    const window = windowOf({ of: "sum", windowMs: 3_000 });
    const all: [tick: number, value: number][] = [];
    for (let tick = 1; tick <= 20_000; tick += 1 + (tick % 3)) {
      window.add("m", tick, tick % 17, "ms");
      all.push([tick, tick % 17]);
      if (tick % 10 !== 0) continue;
      const sum = all
        .filter(([at]) => at > tick - 3_000)
        .reduce((total, [, one]) => total + one, 0);
      expect(window.read(tick).readings).toEqual([{ subject: "m", value: sum }]);
    }
  });
});

describe("the subject of a series", () => {
  test("is the metric, unless something tells them apart", () => {
    expect(windowOf().subjectOf(series({ phase: "link" }, "ada"))).toBe("m");
  });
  test("is its agent or its tag, and the metric where it has none", () => {
    expect(windowOf({ by: "agent" }).subjectOf(series({}, "ada"))).toBe("ada");
    expect(windowOf({ by: "agent" }).subjectOf(series())).toBe("m");
    expect(windowOf({ by: "phase" }).subjectOf(series({ phase: "link" }))).toBe("link");
    expect(windowOf({ by: "phase" }).subjectOf(series({ os: "linux" }))).toBe("m");
    expect(windowOf({ by: "constructor" }).subjectOf(series())).toBe("m");
  });
  test("is agent and tags of a series by series", () => {
    const { subjectOf } = windowOf({ by: "series" });
    expect(subjectOf(series({ os: "linux", phase: "link" }, "ada"))).toBe(
      "ada os=linux phase=link",
    );
    expect(subjectOf(series())).toBe("m");
  });
  test("is none where tags, unit or subject are others", () => {
    const link = series({ phase: "link" });
    expect(windowOf({ tags: { phase: "link" } }).subjectOf(link)).toBe("m");
    expect(windowOf({ tags: { phase: "parse" } }).subjectOf(link)).toBeUndefined();
    expect(windowOf({ tags: { os: "linux" } }).subjectOf(link)).toBeUndefined();
    expect(windowOf({ unit: "ms" }).subjectOf(link)).toBe("m");
    expect(windowOf({ unit: "s" }).subjectOf(link)).toBeUndefined();
    expect(windowOf({ by: "phase" }, "link").subjectOf(link)).toBe("link");
    expect(windowOf({ by: "phase" }, "parse").subjectOf(link)).toBeUndefined();
  });
});
