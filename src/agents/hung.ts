// Hung: a module that keeps the host that it shares from doing anything else. The silence of a host is no reason to
// end it, for it may be stopped, or wait for a processor or a disk; that it does not say a word while it has what
// it needs is one.
import type { ProcessState } from "../core/identity.ts";

/** How a host seemed at one look. */
export interface Turning {
  tick: number;
  /** When it had last said anything. */
  heardTick: number;
  cpuMs: number;
  /** For how long it could have said something since, and did not. */
  hungMs: number;
}

/**
 * How a host seems at `tick` that seemed as `before` at the last look, undefined when there was none. What counts is the time
 * that it had a processor, or slept without anything to wait for; and of a look that comes late no more than `lookEveryMs`.
 */
export function turningOf(
  before: Turning | undefined,
  { state, cpuMs }: Pick<ProcessState, "state" | "cpuMs">,
  { tick, heardTick, lookEveryMs }: { tick: number; heardTick: number; lookEveryMs: number },
): Turning {
  const now = { tick, heardTick, cpuMs };
  if (before === undefined || before.heardTick !== heardTick) return { ...now, hungMs: 0 };
  const passedMs = Math.min(tick - before.tick, lookEveryMs);
  const couldMs = state === "S" ? passedMs : Math.min(passedMs, cpuMs - before.cpuMs);
  return { ...now, hungMs: before.hungMs + couldMs };
}
