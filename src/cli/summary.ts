// The closing line of a run, for people and for programs.
import type { Conservation, Summary } from "../agents/shutdown.ts";
import { formatDuration } from "../core/durations.ts";

/** The summary as one JSON object. */
export function summaryJson({ drainMs, stopAsked: _, ...summary }: Summary): string {
  return JSON.stringify({ ...summary, drain_ms: drainMs });
}

/** The summary as one sentence, with the sum that shows that nothing was lost. */
export function summaryText({
  run,
  agents,
  parked,
  returned,
  killed,
  drainMs,
  conservation,
}: Summary): string {
  const { stopped, failed, dead } = agents;
  return [
    `run ${run} is down after ${formatDuration(drainMs)}`,
    `agents: ${stopped} stopped, ${failed} failed, ${dead} dead; ${killed} processes killed`,
    `deliveries: ${parked} parked, ${returned} of them taken back from their holders`,
    sumText(conservation),
  ].join("\n");
}

/** The sum over all inboxes as a line. */
export function sumText({ in: came, live, ended, holds }: Conservation): string {
  return `${came} in = ${live} there + ${ended} ended: ${holds ? "it adds up" : "IT DOES NOT ADD UP"}`;
}
