// Looks at a swarm as tests make them up.
import type { Look } from "../../../src/metrics/alerts/readings.ts";

/** A look at `tick` at a swarm in which nothing is wrong but what `rest` says; `depths` has how much lies in which inbox. */
export function lookAt(
  tick: number,
  depths: Readonly<Record<string, number>> = {},
  rest: Partial<Look> = {},
): Look {
  const quiet = { utilization: 0, oldestMs: 0, dead: 0, refused: 0, waitingSenders: 0 };
  return {
    tick,
    inboxes: Object.entries(depths).map(([inbox, depth]) => ({ inbox, depth, ...quiet })),
    ended: { acked: 0, dead: 0, expired: 0, purged: 0 },
    publicationMs: null,
    agents: [],
    startMs: null,
    logBytes: 0,
    isLogKept: false,
    freeBytes: 1e12,
    ...rest,
  };
}
