// Governing: how far what skep starts is held back, by the signs that the machine gives. Pure.
import type { Strain } from "../core/strain.ts";

/** How much of what could go on at once does, in percent. The original system had these three, too: batches of 20, 10 and 5. */
export const levels = [100, 50, 25] as const;
export type Level = (typeof levels)[number];

/** What makes it so: what stands in line for a processor, or want of memory; null when nothing is held back. */
export type Cause = "load" | "memory" | null;

export interface Decision {
  level: Level;
  cause: Cause;
  /** The sign in words; null when nothing is held back. */
  reason: string | null;
  /** When the level became this one. */
  tick: number;
}

export interface Thresholds {
  /** Of each sign where holding back begins, and where it ends. In between all stays as it is. */
  loadHigh: number;
  loadLow: number;
  pressureHigh: number;
  pressureLow: number;
  memoryLow: number;
  memoryHigh: number;
  /** The least time between one change and the next. */
  changeEveryMs: number;
}

/** Nothing is held back, since `tick`. */
export function unheld(tick: number): Decision {
  return { level: 100, cause: null, reason: null, tick };
}

/**
 * What follows on `before`: one step down while any sign is bad, one step up once none is any more, and never a step
 * before `changeEveryMs` have passed since the last. A sign that the machine does not give says nothing.
 */
export function decide(
  before: Decision,
  strain: Strain,
  thresholds: Thresholds,
  tick: number,
): Decision {
  const bad = worst(strain, thresholds);
  // Why it is held back is told as it is now.
  const now = bad === undefined || before.level === 100 ? before : { ...before, ...bad };
  if (tick - before.tick < thresholds.changeEveryMs) return now;
  const at = levels.indexOf(before.level);
  if (bad !== undefined) {
    const level = levels[Math.min(at + 1, levels.length - 1)]!;
    return level === before.level ? now : { level, ...bad, tick };
  }
  if (at === 0 || !isCalm(strain, thresholds)) return now;
  const level = levels[at - 1]!;
  return level === 100 ? unheld(tick) : { ...before, level, tick };
}

/** How many of `most` may go on at once: one at least, or nothing would go on at all. */
export function heldTo(most: number, level: number): number {
  return Math.max(1, Math.floor((most * level) / 100));
}

/** The sign that is bad, and what it says; memory before processors, for want of it ends processes. */
function worst(
  { load, pressure, memory }: Strain,
  { loadHigh, pressureHigh, memoryLow }: Thresholds,
): { cause: Exclude<Cause, null>; reason: string } | undefined {
  if (memory !== null && memory < memoryLow)
    return { cause: "memory", reason: `${tenths(memory)} % of the memory is left` };
  if (pressure !== null && pressure > pressureHigh)
    return { cause: "memory", reason: `memory pressure ${tenths(pressure)} % (some avg10)` };
  if (load !== null && load > loadHigh)
    return { cause: "load", reason: `${tenths(load / 100)} tasks to each processor` };
  return undefined;
}

function isCalm(
  { load, pressure, memory }: Strain,
  { loadLow, pressureLow, memoryHigh }: Thresholds,
): boolean {
  return (
    (memory === null || memory >= memoryHigh) &&
    (pressure === null || pressure <= pressureLow) &&
    (load === null || load <= loadLow)
  );
}

function tenths(figure: number): number {
  return Math.round(figure * 10) / 10;
}
