// How all agents are, put together from what the supervisor wrote about them and what they said themselves. Values only.
import { formatDuration } from "../core/durations.ts";
import { type DetectorTimes, multiplierMax, silenceMaxMs } from "./detector.ts";
import { type LastBeat, beatKeepMs } from "./heartbeat.ts";

export type Health = "healthy" | "degraded" | "unhealthy" | "unknown";

/** An agent that is not healthy, and why. */
export interface AgentHealth {
  name: string;
  health: Exclude<Health, "healthy">;
  reason: string;
  /** Its state in the swarm; null when it belongs to none. */
  state: string | null;
  /** When it last gave a sign of life, and how long ago; null when it never did in this boot. */
  lastBeatAt: number | null;
  lastBeatMs: number | null;
}

export interface ClusterHealth extends Record<Health, number> {
  total: number;
  /** Of all, how many are healthy: a whole number, null when there are none. */
  percentage: number | null;
  /** Those that are not healthy: the unhealthy ones first, then by name. */
  agents: AgentHealth[];
}

/** What the health is judged by. */
export interface Evidence {
  /** The agents of the swarm. */
  members: readonly { name: string; state: string; reason: string | null }[];
  beats: readonly LastBeat[];
  /** Now, in ticks of this boot. */
  tick: number;
  boot: string;
  /** Whether a supervisor watches the members, and so would say who is suspect. */
  watched: boolean;
  /** How often hosts beat, and how long silence is borne. */
  times: DetectorTimes;
}

/** How long an agent may be silent when nobody watches it; three beats at least. */
export const unwatchedSilenceMs = 30_000;

/** How all agents are. Those that have stopped do not count; nor do others than members that gave no sign of life for an hour. What one of these says holds while its signs of life are fresh: nobody is there to hear it be silent, so after that nobody knows. */
export function clusterHealth(evidence: Evidence): ClusterHealth {
  const { members, beats, tick, boot } = evidence;
  const heard = new Map(
    beats.filter((beat) => beat.boot === boot).map((beat) => [beat.agent, beat] as const),
  );
  const known = new Set(members.map(({ name }) => name));
  const others = [...heard.values()]
    .filter((beat) => !known.has(beat.agent) && tick - beat.tick <= beatKeepMs)
    .map(({ agent }) => ({ name: agent, state: null, reason: null }));
  const counted = [...members.filter(({ state }) => state !== "stopped"), ...others];
  const counts = { healthy: 0, degraded: 0, unhealthy: 0, unknown: 0 };
  const agents: AgentHealth[] = [];
  for (const { name, state, reason } of counted) {
    const beat = heard.get(name);
    const lastBeatMs = beat === undefined ? null : Math.max(0, tick - beat.tick);
    const judged =
      state === null
        ? (unknown(beat!, lastBeatMs!, evidence) ?? said(beat, tick))
        : (failure(state, reason) ?? silence(state, lastBeatMs, evidence) ?? said(beat, tick));
    counts[judged?.health ?? "healthy"]++;
    if (judged !== undefined)
      agents.push({ name, ...judged, state, lastBeatAt: beat?.at ?? null, lastBeatMs });
  }
  const total = counted.length;
  const percentage = total === 0 ? null : Math.floor((100 * counts.healthy) / total);
  return { total, ...counts, percentage, agents: agents.toSorted(byUrgency) };
}

type Judged = Pick<AgentHealth, "health" | "reason">;

function failure(state: string, reason: string | null): Judged | undefined {
  if (!["failed", "dead", "suspect"].includes(state)) return undefined;
  return { health: "unhealthy", reason: reason === null ? state : `${state}: ${reason}` };
}

function silence(
  state: string,
  lastBeatMs: number | null,
  { watched, times }: Evidence,
): Judged | undefined {
  // Whoever watches has just heard from its host that it runs, and writes that down within a second.
  if (lastBeatMs === null && watched && state !== "starting") return undefined;
  if (lastBeatMs === null) return { health: "unknown", reason: "not heard of yet" };
  // Whoever watches may have its doubts; when even the greatest are over, nobody watches.
  const most = watched ? silenceMaxMs(times, multiplierMax) : freshMs(times);
  if (lastBeatMs <= most) return undefined;
  return { health: "unhealthy", reason: `not heard of for ${formatDuration(lastBeatMs)}` };
}

/** How one that belongs to no swarm is once it was silent for long: it may be gone, or have nothing more to say. */
function unknown(
  { status, detail }: LastBeat,
  lastBeatMs: number,
  { times }: Evidence,
): Judged | undefined {
  if (lastBeatMs <= freshMs(times)) return undefined;
  const last = status === "healthy" ? "" : `; then it said: ${detail ?? status}`;
  return { health: "unknown", reason: `not heard of for ${formatDuration(lastBeatMs)}${last}` };
}

function freshMs({ beatEveryMs }: DetectorTimes): number {
  return Math.max(unwatchedSilenceMs, 3 * beatEveryMs);
}

function said(beat: LastBeat | undefined, tick: number): Judged | undefined {
  if (beat === undefined || beat.status === "healthy") return undefined;
  if (beat.saidTick === null || tick - beat.saidTick > beatKeepMs) return undefined;
  const { status, detail } = beat;
  return {
    health: status,
    reason: detail === null ? `it says it is ${status}` : `it says: ${detail}`,
  };
}

const urgency: readonly Health[] = ["unhealthy", "degraded", "unknown"];

function byUrgency(a: AgentHealth, b: AgentHealth): number {
  const sooner = urgency.indexOf(a.health) - urgency.indexOf(b.health);
  return sooner || (a.name < b.name ? -1 : 1);
}
