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
  "SINCE",
  "REASON",
];

/** One row of `ps`. */
export function agentRow(agent: Agent, now: number): string[] {
  const { name, state, runner, inbox, hostPid, programPid, changedAt, reason } = agent;
  const pid = (value: number | null) => (value === null ? "-" : String(value));
  return [
    name,
    state,
    runner,
    inbox,
    pid(hostPid),
    pid(programPid),
    formatDuration(Math.max(0, now - changedAt)),
    printable(reason ?? ""),
  ];
}

/** One agent for a program to read. */
export function agentJson(agent: Agent): Record<string, unknown> {
  return {
    name: agent.name,
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
  };
}
