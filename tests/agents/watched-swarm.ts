// A swarm of invented agents under a detector, in a time that the test lets pass.
import { type Detector, look, newDetector } from "../../src/agents/detector.ts";
import type { Change, Sign } from "../../src/agents/suspicion.ts";

/** The tick of the first look. */
export const start = 5_000_000;

/** A change with when it was told, in milliseconds since the first look. */
export type Told = Change & { atMs: number };

/** Agents whose hosts beat, and a detector that looks each second, in a time that the test lets pass. */
export function watch(count: number, hostOf = (n: number) => n) {
  const agents = Array.from({ length: count }, (_, n) => ({
    name: `a-${n}`,
    host: hostOf(n),
    beatTick: null as number | null,
    hostState: "S" as string | null,
    programState: "S" as string | null,
    beats: true,
    // Not in step with one another: when it beats first.
    nextTick: start + ((n * 1_237) % 5_000),
  }));
  const told: Told[] = [];
  let detector: Detector = newDetector();
  let tick = start;

  function lookNow(): void {
    for (const agent of agents)
      if (agent.beats)
        for (; agent.nextTick <= tick; agent.nextTick += 5_000) agent.beatTick = agent.nextTick;
    const signs = agents.map((agent): Sign => ({ ...agent }));
    const seen = look(detector, tick, signs);
    detector = seen.detector;
    told.push(...seen.changes.map((change) => ({ ...change, atMs: tick - start })));
  }

  lookNow();
  return {
    agents,
    told,
    multiplier: () => detector.multiplier,
    nowMs: () => tick - start,
    suspects: () => [...detector.agents.values()].filter((one) => one.suspicion !== null).length,
    /** Looks each second until `ms` have passed. */
    pass(ms: number) {
      for (const end = tick + ms; tick < end;) {
        tick += 1_000;
        lookNow();
      }
    },
    /** Does not look for `ms`, and then once. */
    sleep(ms: number) {
      tick += ms;
      lookNow();
    },
    /** Nothing is heard of the agents from now on: their hosts hang, or are dead to us. */
    silence: (...which: number[]) => which.forEach((n) => (agents[n]!.beats = false)),
    /** They beat again, at once and then as ever. */
    wake: (...which: number[]) =>
      which.forEach((n) => Object.assign(agents[n]!, { beats: true, nextTick: tick })),
  };
}
