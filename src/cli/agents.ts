// Agents as `ps` and `status` show them.
import type { Agent } from "../agents/registry.ts";
import { formatDuration } from "../core/durations.ts";
import { printable } from "../core/text.ts";

export const agentHeadings = [
  "NAME",
  "STATE",
  "RUNNER",
  "INBOX",
  "HOST",
  "PROGRAM",
  "RESTARTS",
  "SINCE",
  "REASON",
];

/** One row of `ps`. */
export function agentRow(agent: Agent, now: number): string[] {
  const { name, state, runner, inbox, hostPid, programPid, restarts, changedAt } = agent;
  const pid = (value: number | null) => (value === null ? "-" : String(value));
  return [
    name,
    state,
    runner,
    inbox,
    pid(hostPid),
    pid(programPid),
    String(restarts),
    formatDuration(Math.max(0, now - changedAt)),
    printable(reasonOf(agent)),
  ];
}

/** One agent for a program to read. */
export function agentJson(agent: Agent): Record<string, unknown> {
  return {
    name: agent.name,
    group: agent.group,
    state: agent.state,
    reason: agent.reason,
    runner: agent.runner,
    inbox: agent.inbox,
    host_pid: agent.hostPid,
    host_start_time: agent.hostStartTime,
    program_pid: agent.programPid,
    program_start_time: agent.programStartTime,
    started_at: agent.startedAt,
    changed_at: agent.changedAt,
    restarts: agent.restarts,
    last_beat_at: agent.lastBeatAt,
    health: agent.health,
    health_detail: agent.healthDetail,
    evidence: agent.evidence,
  };
}

/** Why it is in its state, or what it says of itself when it is not well. */
function reasonOf({ reason, health, healthDetail }: Agent): string {
  if (reason !== null || health === null || health === "healthy") return reason ?? "";
  return healthDetail === null ? health : `${health}: ${healthDetail}`;
}
