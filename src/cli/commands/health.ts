// `skep health`: how all agents are, and what is the matter with those that are not well.
import { timesOf } from "../../agents/detector.ts";
import { type AgentHealth, type ClusterHealth, clusterHealth } from "../../agents/health.ts";
import { readBeats } from "../../agents/heartbeat.ts";
import { formatDuration } from "../../core/durations.ts";
import { printable } from "../../core/text.ts";
import { columns } from "../columns.ts";
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";
import { supervisorTrouble } from "../supervisor-trouble.ts";

export default defineCommand({
  name: "health",
  summary: "say which agents are not well, and why",
  notes: [
    "Unhealthy: failed, dead, suspect, silent for too long, or it said so. Degraded: it said so (skep beat).",
    "Unknown: nothing was heard of it yet; or it is no agent of a swarm, and gave no sign of life for 30 s.",
    "Agents that have stopped do not count.",
    "Exits 8 when an agent is unhealthy, or the supervisor is stopped; while a swarm is up, others than its agents are only told of.",
  ],
  args: {},
  async run(context) {
    const { agents, lastRun, vitals, clock, settings } = await open(context);
    const times = timesOf(settings.agents);
    const members = await agents();
    const run = await lastRun();
    const watched = run?.alive === true && !run.halted;
    const health = await (
      await vitals()
    ).read(async (tx) => {
      const beats = await readBeats(tx);
      return clusterHealth({ members, beats, tick: tx.tick, boot: clock.boot, watched, times });
    });
    if (context.json) await context.data(asJson(health));
    else if (health.total === 0) context.say("no agents");
    else await context.data(asText(health));
    const trouble = supervisorTrouble(run);
    if (trouble !== undefined) context.say(`${run!.swarm}: ${trouble}`);
    // Whoever else has a name does not make a swarm unhealthy.
    const isSwarm = run !== undefined && run.state !== "stopped";
    const counts = health.agents.filter(({ state }) => state !== null || !isSwarm);
    return run?.halted || counts.some((one) => one.health === "unhealthy") ? 8 : 0;
  },
});

function asText({ total, percentage, agents, ...counts }: ClusterHealth): string {
  const { healthy, degraded, unhealthy, unknown } = counts;
  const what = total === 1 ? "1 agent" : `${total} agents`;
  const sum = `${what}: ${healthy} healthy, ${degraded} degraded, ${unhealthy} unhealthy, ${unknown} unknown (${percentage} % healthy)`;
  if (agents.length === 0) return sum;
  return `${sum}\n${columns([["NAME", "HEALTH", "LAST BEAT", "REASON"], ...agents.map(row)])}`;
}

function row({ name, health, lastBeatMs, reason }: AgentHealth): string[] {
  const ago = lastBeatMs === null ? "-" : `${formatDuration(lastBeatMs)} ago`;
  return [name, health, ago, printable(reason)];
}

function asJson({ agents, ...health }: ClusterHealth): string {
  return JSON.stringify({
    ...health,
    agents: agents.map(({ lastBeatAt, lastBeatMs, ...agent }) => ({
      ...agent,
      last_beat_at: lastBeatAt,
      last_beat_ms: lastBeatMs,
    })),
  });
}
