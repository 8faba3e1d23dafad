// A drain that is in force, as `status` shows it.
import type { DrainStatus } from "../bus/drain.ts";
import { formatDuration } from "../core/durations.ts";

/** The drain as a value for a program. */
export function drainJson({ startedAt, until, left, parkedAt, parked, returned }: DrainStatus) {
  return { since: startedAt, until, left, parked_at: parkedAt, parked, returned };
}

/** The drain as one line: until when it waits and for how many leases, or what it parked. */
export function drainText(
  { startedAt, until, left, parkedAt, parked }: DrainStatus,
  now: number,
): string {
  const ago = (at: number) => `${formatDuration(Math.max(0, now - at))} ago`;
  if (parkedAt !== null)
    return `drained ${ago(parkedAt)}, ${parked} parked: no claims and no sends until skep resume`;
  const leases = `${left} ${left === 1 ? "lease" : "leases"}`;
  const toGo = formatDuration(Math.max(0, until - now));
  return `draining, begun ${ago(startedAt)}, for ${toGo} more: ${leases} left to settle, no claims and no sends until skep resume`;
}
