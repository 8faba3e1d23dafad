// Who seems to have failed. Silence is doubted before it is told, for the one who is sick is mostly the one who listens;
// and nothing here is ever a reason to kill. A machine of values: no clock, no files.
import {
  type Change,
  type Sign,
  type Watched,
  changeBetween,
  see,
  silentMs,
  suspicionOf,
} from "./suspicion.ts";

export interface DetectorTimes {
  /** How often hosts beat, give or take a fifth. */
  beatEveryMs: number;
  /** How often somebody looks. */
  lookEveryMs: number;
  /** How long an agent is silent, or stopped, before anybody thinks anything of it. */
  patienceMs: number;
}

/** What the detector knows between two looks. */
export interface Detector {
  readonly times: DetectorTimes;
  /** How much it doubts itself: by so much longer it bears silence. */
  readonly multiplier: number;
  /** When the next look is due; null before the first. */
  readonly dueTick: number | null;
  /** Nobody is suspected anew before. */
  readonly holdTick: number;
  /** Since when it had no reason for more doubt, or last gave some up. */
  readonly calmTick: number;
  readonly agents: ReadonlyMap<string, Watched>;
}

/** The usual times of a swarm. */
export const usualTimes: DetectorTimes = {
  beatEveryMs: 5_000,
  lookEveryMs: 1_000,
  patienceMs: 15_000,
};

/** As much as it ever doubts itself. */
export const multiplierMax = 8;

/** The times of a swarm with these settings. */
export function timesOf(chosen: { beatEveryMs: number; suspectAfterMs: number }): DetectorTimes {
  const { beatEveryMs, suspectAfterMs: patienceMs } = chosen;
  return { ...usualTimes, beatEveryMs, patienceMs };
}

/** A detector that has not looked yet. */
export function newDetector(times: DetectorTimes = usualTimes): Detector {
  return { times, multiplier: 1, dueTick: null, holdTick: 0, calmTick: 0, agents: new Map() };
}

/** How long an agent may be silent: three beats at least, times the doubt. */
export function silenceMaxMs(times: DetectorTimes, multiplier: number): number {
  return multiplier * Math.max(times.patienceMs, 3 * times.beatEveryMs);
}

/**
 * One look at `tick`: the detector afterwards, and who is suspected from now on, or no more. `signs` has every agent that is to
 * be watched. One that was not there before, or has another host, begins anew: it is not suspected, and gets the whole time.
 */
export function look(
  before: Detector,
  tick: number,
  signs: readonly Sign[],
): { detector: Detector; changes: Change[] } {
  const { times } = before;
  const lateMs = before.dueTick === null ? 0 : tick - before.dueTick;
  // After so long (a suspended machine, a stopped supervisor) all that is old is the fault of whoever did not look.
  const anew = lateMs >= times.patienceMs;
  const seen = signs.map((sign) => see(sign, before.agents.get(sign.name), tick, anew));
  const doubted = doubt(before, tick, lateMs > lateMaxMs, seen);
  const most = {
    silenceMs: silenceMaxMs(times, doubted.multiplier),
    stoppedMs: times.patienceMs,
  };
  const agents = new Map<string, Watched>();
  const changes: Change[] = [];
  for (const agent of seen) {
    const suspicion = suspicionOf(agent, tick, most);
    const held = agent.suspicion === null && tick < doubted.holdTick;
    const after: Watched = { ...agent, suspicion: held ? null : suspicion };
    agents.set(agent.sign.name, after);
    const change = changeBetween(agent, after, tick);
    if (change !== undefined) changes.push(change);
  }
  const dueTick = tick + times.lookEveryMs;
  return { detector: { ...before, ...doubted, dueTick, agents }, changes };
}

// By then a look may have missed what lies in the pipes and is yet to be read.
const lateMaxMs = 1_000;

/** How much to doubt from now on: twice as much when late or when many fall silent at once, half when all is calm. */
function doubt(
  { times, multiplier, holdTick, calmTick }: Detector,
  tick: number,
  late: boolean,
  seen: readonly Watched[],
): Pick<Detector, "multiplier" | "holdTick" | "calmTick"> {
  const crowd = (doubts: number) => isCrowd(seen, tick, silenceMaxMs(times, doubts));
  if (late || crowd(multiplier)) {
    // Whoever doubts as much as can be has waited for long enough, and has to say what it sees.
    if (multiplier === multiplierMax) return { multiplier, holdTick, calmTick: tick };
    return { multiplier: multiplier * 2, holdTick: tick + times.beatEveryMs, calmTick: tick };
  }
  const calm = multiplier > 1 && tick - calmTick >= times.beatEveryMs && !crowd(multiplier / 2);
  if (calm) return { multiplier: multiplier / 2, holdTick, calmTick: tick };
  return { multiplier, holdTick, calmTick };
}

// Of a few hosts two may well fail by themselves.
const crowdMin = 3;
const crowdShare = 0.2;

/**
 * Whether somebody would be suspected for a silence beyond `ms`, and more than a fifth of the hosts are about to follow. All fall
 * silent in the same moment, but each is missed from its own last beat on, which lies up to a beat and a bit before.
 */
function isCrowd(seen: readonly Watched[], tick: number, ms: number): boolean {
  const fresh = seen.filter((one) => one.suspicion === null && one.hostStoppedTick === null);
  if (!fresh.some((one) => silentMs(one, tick) > ms)) return false;
  const quiet = countHosts(fresh.filter((one) => silentMs(one, tick) > (ms * 2) / 3));
  return quiet >= crowdMin && quiet > crowdShare * countHosts(seen);
}

function countHosts(seen: readonly Watched[]): number {
  return new Set(seen.map(({ sign }) => sign.host)).size;
}
