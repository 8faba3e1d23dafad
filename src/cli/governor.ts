// What the governor of a swarm does, in words and as JSON.
import type { Hold } from "../agents/hold.ts";
import type { Events } from "../core/events.ts";
import { formatDuration } from "../core/durations.ts";

/** What there is to say of it: nothing mostly. */
export function governorText(hold: Hold | undefined, now: number): string | undefined {
  if (hold === undefined || hold.reason === null) return undefined;
  const { level, reason, sinceAt } = hold;
  if (level === 100) return `the governor holds nothing back: ${reason}`;
  const since = formatDuration(Math.max(0, now - sinceAt));
  return `the governor holds back starts and claims to ${level} % since ${since}: ${reason}`;
}

/** It as an object; null when no swarm runs, or its governor is off. */
export function governorJson(hold: Hold | undefined): object | null {
  if (hold === undefined) return null;
  const { sinceAt, ...others } = hold;
  return { ...others, since_at: sinceAt };
}

/** What it has just decided. */
export function decisionText({ level, before, reason }: Events["swarm.governed"]): string {
  if (level === 100)
    return `the governor holds nothing back${reason === null ? " any more" : `: ${reason}`}`;
  return level > before
    ? `the governor lets starts and claims go on to ${level} % again`
    : `the governor holds back starts and claims to ${level} %: ${reason}`;
}
