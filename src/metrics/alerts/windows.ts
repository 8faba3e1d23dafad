// Windows: the points that the rules of users look at, as long as they count, and what they come to. Nothing is read
// here. A point is as old as it was when it came in, and from then on the clock of the boot counts, so that nothing
// depends on the wall clock standing still.
import { exactPercentiles } from "../figures.ts";
import type { Reading } from "./decide.ts";
import type { PointsOf } from "./rules.ts";

/** A series, as far as a rule tells it from others. */
export interface SeriesOf {
  unit: string;
  agent: string | null;
  tags: Readonly<Record<string, string>>;
}

/** How many points of one subject are looked at, of one rule, and of all rules together: the newest ones. */
export const subjectMax = 10_000;
export const ruleMax = 200_000;
const allMax = 1_000_000;

interface Points {
  /** In order. */
  ticks: number[];
  values: number[];
  /** Where those begin that still count. */
  first: number;
  /** When the newest of those was that found no room. */
  lostTick: number;
  /** What they come to; undefined when that is to be reckoned anew. */
  value: number | undefined;
  unit: string;
}

interface Watching {
  metric: string;
  points: PointsOf;
  /** The one subject that it looks at; null: all. */
  subject: string | null;
  /** Among how many rules that look at points it is. */
  among: number;
}

/** The window of one rule. */
export function openWindow({ metric, points, subject, among }: Watching) {
  const { of, windowMs, countMin } = points;
  const countMax = Math.min(ruleMax, Math.floor(allMax / among));
  const bySubject = new Map<string, Points>();
  let count = 0;

  function dropOldest(held: Points): void {
    held.lostTick = held.ticks[held.first]!;
    forget(held, held.first + 1);
  }

  /** Has those begin at `first`. */
  function forget(held: Points, first: number): void {
    if (first === held.first) return;
    count -= first - held.first;
    held.first = first;
    held.value = undefined;
    if (first < 1_000 || first * 2 < held.ticks.length) return;
    held.ticks = held.ticks.slice(first);
    held.values = held.values.slice(first);
    held.first = 0;
  }

  return {
    /** The subject of points of `series`; undefined when they do not count. */
    subjectOf: (series: SeriesOf): string | undefined => {
      const name = subjectIn(metric, points, series);
      return subject === null || subject === name ? name : undefined;
    },
    /** Takes a point that came at `tick`. */
    add(name: string, tick: number, value: number, unit: string): void {
      let held = bySubject.get(name);
      if (held === undefined) bySubject.set(name, (held = nothing(unit)));
      insert(held, tick, value);
      held.unit = unit;
      count++;
      const isMuch = held.ticks.length - held.first > 1;
      if (held.ticks.length - held.first > subjectMax || (count > countMax && isMuch))
        dropOldest(held);
    },
    /** What there is at `tick`: a value for each subject that has points in the window. */
    read(tick: number): { readings: Reading[]; unit: string | undefined } {
      const sinceTick = tick - windowMs;
      const readings: Reading[] = [];
      let unit: string | undefined;
      for (const [name, held] of bySubject) {
        let { first } = held;
        while (first < held.ticks.length && held.ticks[first]! <= sinceTick) first++;
        forget(held, first);
        const isGone = held.first === held.ticks.length;
        if (isGone) bySubject.delete(name);
        else {
          unit = held.unit;
          readings.push({ subject: name, value: valueOf(held, tick) });
        }
      }
      return { readings, unit: of === "count" ? "points" : of === "rate" ? "points/s" : unit };
    },
  };

  function valueOf(held: Points, tick: number): number | null {
    const there = held.ticks.length - held.first;
    if (there < countMin) return null;
    if (of === "count") return there;
    // Of what came before one that found no room nothing is known.
    const spanMs = Math.max(1, Math.min(windowMs, tick - held.lostTick));
    if (of === "rate") return there / (spanMs / 1_000);
    return (held.value ??= cameTo(of, held.values.slice(held.first)));
  }
}

function nothing(unit: string): Points {
  const lostTick = Number.NEGATIVE_INFINITY;
  return { ticks: [], values: [], first: 0, lostTick, value: undefined, unit };
}

/** Puts it into its place: what was measured before may be written later, but not by much. */
function insert(held: Points, tick: number, value: number): void {
  let at = held.ticks.length;
  while (at > held.first && held.ticks[at - 1]! > tick) at--;
  if (at === held.ticks.length) {
    held.ticks.push(tick);
    held.values.push(value);
  } else {
    held.ticks.splice(at, 0, tick);
    held.values.splice(at, 0, value);
  }
  held.value = undefined;
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
function cameTo(of: Exclude<PointsOf["of"], "count" | "rate">, each: readonly number[]): number {
  if (of === "last") return each.at(-1)!;
  if (of === "min") return each.reduce((least, value) => Math.min(least, value));
  if (of === "max") return each.reduce((most, value) => Math.max(most, value));
  if (of !== "sum" && of !== "mean") return exactPercentiles(each, [Number(of.slice(1))])[0]!;
  const sum = each.reduce((total, value) => total + value, 0);
  // Two numbers near the largest there is add up to none.
  const { MAX_VALUE } = Number;
  return Math.max(-MAX_VALUE, Math.min(MAX_VALUE, of === "sum" ? sum : sum / each.length));
}
