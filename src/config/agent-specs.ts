// From a group of agents as a file describes it to its agents one by one, with every default filled in. Pure.
import { resolve } from "node:path";
import { agentNames } from "./agent-names.ts";
import { defaultRules } from "./environment.ts";
import { absoluteProgram } from "./programs.ts";
import type { AgentGroup } from "./schema/agent-group.ts";
import {
  type AgentLimits,
  type AgentSpec,
  type Liveness,
  type Readiness,
  agentDefaults,
  probeDefaults,
} from "./swarm.ts";

/** The agents of `group`. What it names is relative to `directory`; `cores` is how many this machine has. */
export function agentSpecs(
  group: string,
  given: AgentGroup,
  directory: string,
  cores: number,
): AgentSpec[] {
  const names = agentNames(group, given.count, given.names);
  const shared = {
    ...agentDefaults,
    ...chosen({
      inFlight: given.in_flight,
      terminal: given.terminal,
      spare: given.spare,
      role: given.role,
      team: given.team,
      readyTimeoutMs: given.ready_timeout,
      restart: given.restart,
      restartMax: given.restart_max,
      restartPeriodMs: given.restart_period,
      backoffMinMs: given.backoff_min,
      backoffMaxMs: given.backoff_max,
      successExitCodes: given.success_exit_codes,
      stopGraceMs: given.stop_grace,
      logBytesMax: given.log_bytes_max,
    }),
    runner: given.runner,
    ...(given.command && { command: absoluteProgram(given.command, directory) }),
    ...(given.module !== undefined && { module: resolve(directory, given.module) }),
    env: given.env ?? defaultRules,
    cwd: resolve(directory, given.cwd ?? "."),
    limits: limitsOf(given.limits),
    pool: Math.min(hostsOf(given.pool, cores), names.length),
    atOnce: given.at_once ?? 2 * cores,
    after: [...new Set(given.after)],
    ready: readyOf(given.ready, directory),
    live: liveOf(given.live, directory),
  };
  return names.map((name) => ({ name, group, inbox: given.inbox ?? name, ...shared }));
}

// More hosts than that for one group gain nothing: they all write to one file.
const hostsMax = 8;

function hostsOf(pool: AgentGroup["pool"], cores: number): number {
  if (typeof pool === "number") return pool;
  return pool === true ? Math.min(cores, hostsMax) : agentDefaults.pool;
}

function limitsOf(given: AgentGroup["limits"]): AgentLimits {
  if (given === undefined) return agentDefaults.limits;
  const { cap, bytes, rate, burst, sends_rate: sendsRatePerS, sends_burst: sendsBurst } = given;
  return chosen({ cap, bytes, ratePerS: rate, burst, sendsRatePerS, sendsBurst });
}

function readyOf(given: AgentGroup["ready"], directory: string): Readiness {
  if (typeof given !== "object") return given ?? agentDefaults.ready;
  return given.log === undefined
    ? { command: absoluteProgram(given.command!, directory) }
    : { log: given.log };
}

function liveOf(given: AgentGroup["live"], directory: string): Liveness | null {
  if (given === undefined) return agentDefaults.live;
  if (given.beat !== undefined) return { beatMs: given.beat };
  const { every, timeout, failures } = given;
  return {
    ...probeDefaults,
    ...chosen({ everyMs: every, timeoutMs: timeout, failures }),
    command: absoluteProgram(given.command!, directory),
  };
}

/** `values` without those that nobody chose. */
function chosen<Values extends object>(values: Values) {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Values]?: NonNullable<Values[Key]> };
}
