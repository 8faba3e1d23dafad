// What is seen of one agent from look to look, and whether it seems to have failed. Values only: no clock, no files.
import { formatDuration } from "../core/durations.ts";

/** What is known of an agent at one look. */
export interface Sign {
  name: string;
  /** The process of its host. Agents that share one fall silent together. */
  host: number;
  /** When it last gave a sign of life; null when it never did. */
  beatTick: number | null;
  /** The state letters of host and program in `/proc`; null where there is none. */
  hostState: string | null;
  programState: string | null;
}

/** An agent that is suspected from now on, or for another reason than before, or no more. */
export interface Change {
  name: string;
  suspect: boolean;
  reason: string;
}

export type Suspicion = "silent" | "host stopped" | "program stopped";

/** An agent as it was last seen. */
export interface Watched {
  readonly sign: Sign;
  /** No silence before counts. */
  readonly sinceTick: number;
  /** Since when each is seen stopped; null when it is not. */
  readonly hostStoppedTick: number | null;
  readonly programStoppedTick: number | null;
  /** Whether it gave a sign of life since the look before. */
  readonly heard: boolean;
  readonly suspicion: Suspicion | null;
}

/**
 * The agent with `sign`, which was `known` as it was: as yet unknown, or under another host, it begins without a past. With `anew`
 * all that is old is forgiven, but a suspicion stands.
 */
export function see(sign: Sign, known: Watched | undefined, tick: number, anew: boolean): Watched {
  const before = known?.sign.host === sign.host ? known : undefined;
  const since = (stopped: boolean, tickBefore: number | null | undefined) =>
    stopped ? ((anew ? null : tickBefore) ?? tick) : null;
  return {
    sign,
    sinceTick: before === undefined || anew ? tick : before.sinceTick,
    hostStoppedTick: since(isStopped(sign.hostState), before?.hostStoppedTick),
    programStoppedTick: since(isStopped(sign.programState), before?.programStoppedTick),
    heard: sign.beatTick !== null && sign.beatTick !== before?.sign.beatTick,
    suspicion: before?.suspicion ?? null,
  };
}

/** How long nothing was heard of it. */
export function silentMs({ sign, sinceTick }: Watched, tick: number): number {
  return tick - Math.max(sign.beatTick ?? sinceTick, sinceTick);
}

/** What it is to be suspected of when it may be silent, or stopped, for so long; null for nothing. */
export function suspicionOf(
  agent: Watched,
  tick: number,
  most: { silenceMs: number; stoppedMs: number },
): Suspicion | null {
  const { hostStoppedTick, programStoppedTick } = agent;
  const tooLong = (from: number | null) => from !== null && tick - from >= most.stoppedMs;
  if (tooLong(hostStoppedTick)) return "host stopped";
  if (tooLong(programStoppedTick)) return "program stopped";
  if (agent.suspicion !== null && !isRefuted(agent)) return agent.suspicion;
  // Why a stopped host is silent is known, and when that is too long.
  if (hostStoppedTick !== null) return null;
  return silentMs(agent, tick) > most.silenceMs ? "silent" : null;
}

/** What is to be told when the agent is `after` what it was `before`; undefined for nothing new. */
export function changeBetween(before: Watched, after: Watched, tick: number): Change | undefined {
  if (before.suspicion === after.suspicion) return undefined;
  const { name } = after.sign;
  if (after.suspicion !== null) return { name, suspect: true, reason: reasonOf(after, tick) };
  const goesOn = before.suspicion === "program stopped";
  return { name, suspect: false, reason: goesOn ? "its program goes on" : "heard of again" };
}

// That somebody waits longer now clears nobody: only what is heard or seen of it does.
function isRefuted({ suspicion, heard, programStoppedTick }: Watched): boolean {
  return suspicion === "program stopped" ? programStoppedTick === null : heard;
}

function reasonOf(agent: Watched, tick: number): string {
  const { suspicion, hostStoppedTick, programStoppedTick } = agent;
  const since = (from: number | null) => formatDuration(tick - (from ?? tick));
  if (suspicion === "host stopped")
    return `its host is stopped, and had been for ${since(hostStoppedTick)}`;
  if (suspicion === "program stopped")
    return `its program is stopped, and had been for ${since(programStoppedTick)}`;
  return `not heard of for ${formatDuration(silentMs(agent, tick))}`;
}

// T by a signal, t by a debugger.
function isStopped(state: string | null): boolean {
  return state === "T" || state === "t";
}
