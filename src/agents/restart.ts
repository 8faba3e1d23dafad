// Restarts: whether an agent that has ended starts again, and after which rest. Pure.
import { formatDuration } from "../core/durations.ts";

export interface RestartPolicy {
  when: "always" | "on-failure" | "never";
  /** So many restarts within the period are allowed; one more failure and the agent has failed for good. */
  max: number;
  periodMs: number;
  /** The rest before the first restart; it doubles each time, up to the most, and is drawn between its least and that. */
  backoffMinMs: number;
  backoffMaxMs: number;
}

/** As when a file says nothing (design, section 7). */
export const usualRestart: RestartPolicy = {
  when: "on-failure",
  max: 3,
  periodMs: 60_000,
  backoffMinMs: 1_000,
  backoffMaxMs: 60_000,
};

// Whatever a file says: nothing starts again faster than that.
const floorMs = 1_000;

export type Decision = { restartInMs: number } | { stays: true; why: string | null };

/**
 * What becomes of an agent whose end was a `failure` or not. `restarts` are the ticks of its restarts so far, `random`
 * is from 0 to 1: the jitter keeps many that failed together from coming back together.
 */
export function decideRestart(
  { when, max, periodMs, backoffMinMs, backoffMaxMs }: RestartPolicy,
  failure: boolean,
  restarts: readonly number[],
  tick: number,
  random: number,
): Decision {
  if (when === "never" || (when === "on-failure" && !failure)) return { stays: true, why: null };
  const recent = withinPeriod(restarts, tick, periodMs).length;
  if (recent >= max)
    return {
      stays: true,
      why: `restarted ${recent === 1 ? "once" : `${recent} times`} in ${formatDuration(periodMs)}`,
    };
  const least = Math.max(floorMs, backoffMinMs);
  const most = Math.max(least, Math.min(backoffMaxMs, least * 2 ** recent));
  return { restartInMs: Math.round(least + (most - least) * random) };
}

/** Those of `ticks` that are not older than the period. */
export function withinPeriod(
  ticks: readonly number[],
  tick: number,
  periodMs: number,
): readonly number[] {
  return ticks.filter((one) => tick - one < periodMs);
}

/** How many restarts within a minute a swarm of so many agents may have before it gives up. */
export function treeRestartsMax(agents: number): number {
  return Math.max(20, Math.ceil(agents / 10));
}
