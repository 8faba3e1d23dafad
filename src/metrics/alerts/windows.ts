// Windows: the points that the rules of users look at, as long as they count, and what they come to. Nothing is read
// here. A point is as old as it was when it came in, and from then on the clock of the boot counts, so that nothing
// depends on the wall clock standing still.
import { exactPercentiles } from "../figures.ts";
import type { Reading } from "./decide.ts";

/** How a value comes from points. */
export interface PointsOf {
  of: "last" | "min" | "max" | "mean" | "sum" | "count" | "rate" | "p50" | "p95" | "p99";
  windowMs: number;
  /** With fewer points nothing can be said. */
  countMin: number;
  /** A tag, `agent`, or `series` for each combination of agent and tags; null: all points are of one subject. */
  by: string | null;
  /** Only points with all of these count. */
  tags: Readonly<Record<string, string>>;
  /** Null: any. */
  unit: string | null;
}

/** A series, as far as a rule tells it from others. */
export interface SeriesOf {
  unit: string;
  agent: string | null;
  tags: Readonly<Record<string, string>>;
}

/** How many points a rule looks at, the newest of them; more would be too many to look at again and again. */
export const windowMax = 10_000;

interface Points {
  ticks: number[];
  values: number[];
  /** Where those begin that still count. */
  first: number;
  unit: string;
}

/** The window of one rule over `metric`; `subject` is the only one that it looks at, null: all. */
export function openWindow(metric: string, points: PointsOf, subject: string | null) {
  const { of, windowMs, countMin } = points;
  const bySubject = new Map<string, Points>();
  // Whose points they are, in the order in which they came.
  let queue: string[] = [];
  let head = 0;
  /** When the newest of those was that found no room any more. */
  let lostTick = Number.NEGATIVE_INFINITY;

  function dropFirst(): number {
    const name = queue[head++]!;
    const of = bySubject.get(name)!;
    const tick = of.ticks[of.first++]!;
    if (of.first === of.ticks.length) bySubject.delete(name);
    else if (of.first > 1_000 && of.first * 2 > of.ticks.length) {
      of.ticks = of.ticks.slice(of.first);
      of.values = of.values.slice(of.first);
      of.first = 0;
    }
    if (head > 1_000 && head * 2 > queue.length) {
      queue = queue.slice(head);
      head = 0;
    }
    return tick;
  }

  function firstTick(): number {
    const of = bySubject.get(queue[head]!)!;
    return of.ticks[of.first]!;
  }

  return {
    /** The subject of points of `series`; undefined when they do not count. */
    subjectOf: (series: SeriesOf): string | undefined => {
      const name = subjectIn(metric, points, series);
      return subject === null || subject === name ? name : undefined;
    },
    /** Takes a point that came at `tick`. */
    add(name: string, tick: number, value: number, unit: string): void {
      let of = bySubject.get(name);
      if (of === undefined) bySubject.set(name, (of = { ticks: [], values: [], first: 0, unit }));
      of.ticks.push(tick);
      of.values.push(value);
      of.unit = unit;
      queue.push(name);
      if (queue.length - head > windowMax) lostTick = Math.max(lostTick, dropFirst());
    },
    /** What there is at `tick`: a value for each subject that has points in the window. */
    read(tick: number): { readings: Reading[]; unit: string | undefined } {
      const sinceTick = tick - windowMs;
      while (head < queue.length && firstTick() <= sinceTick) dropFirst();
      // Of what came before one that found no room nothing is known.
      const spanMs = Math.max(1, tick - Math.max(sinceTick, lostTick));
      const readings: Reading[] = [];
      let unit: string | undefined;
      for (const [subject, { ticks, values, first, unit: own }] of bySubject) {
        // Some may have come late, behind younger ones.
        const each = values.filter((_, index) => index >= first && ticks[index]! > sinceTick);
        if (each.length === 0) continue;
        unit = own;
        const value = each.length < countMin ? null : valueOf(of, each, spanMs);
        readings.push({ subject, value });
      }
      return { readings, unit: of === "count" ? "points" : of === "rate" ? "points/s" : unit };
    },
  };
}

export type Window = ReturnType<typeof openWindow>;

function subjectIn(metric: string, { by, tags, unit }: PointsOf, series: SeriesOf) {
  if (unit !== null && series.unit !== unit) return undefined;
  const isOther = Object.entries(tags).some(([tag, value]) => tagOf(series, tag) !== value);
  if (isOther) return undefined;
  if (by === null) return metric;
  if (by === "agent") return series.agent ?? metric;
  if (by !== "series") return tagOf(series, by) ?? metric;
  const all = Object.entries(series.tags).map(([tag, value]) => `${tag}=${value}`);
  return [series.agent ?? [], all].flat().join(" ") || metric;
}

function tagOf({ tags }: SeriesOf, tag: string): string | undefined {
  return Object.hasOwn(tags, tag) ? tags[tag] : undefined;
}

/** What the values `each`, of which there is one at least, come to. */
function valueOf(of: PointsOf["of"], each: readonly number[], spanMs: number): number {
  if (of === "last") return each.at(-1)!;
  if (of === "count") return each.length;
  if (of === "rate") return each.length / (spanMs / 1_000);
  if (of === "min" || of === "max") {
    const most = of === "max" ? 1 : -1;
    return each.reduce((best, value) => (value * most > best * most ? value : best));
  }
  if (of === "sum" || of === "mean") {
    const sum = each.reduce((total, value) => total + value, 0);
    // Two numbers near the largest there is add up to none.
    const { MAX_VALUE } = Number;
    return Math.max(-MAX_VALUE, Math.min(MAX_VALUE, of === "sum" ? sum : sum / each.length));
  }
  return exactPercentiles(each, [Number(of.slice(1))])[0]!;
}
