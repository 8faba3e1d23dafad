// The agents table: who there is, in which state, and how a name is proved.
import { SkepError } from "../core/errors.ts";
import type { ProcessIdentity } from "../core/identity.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";

/** What its supervisor knows of an agent. `busy`, holding something of the bus, is only seen by whoever looks. */
export type AgentState =
  "starting" | "ready" | "busy" | "paused" | "suspect" | "stopping" | "stopped" | "failed" | "dead";

/** One agent as `ps` shows it; null where there is nothing to say. */
export interface Agent {
  name: string;
  /** The group of the swarm file that it belongs to. */
  group: string;
  state: AgentState;
  reason: string | null;
  runner: string;
  inbox: string;
  restarts: number;
  hostPid: number | null;
  hostStartTime: number | null;
  programPid: number | null;
  programStartTime: number | null;
  startedAt: number | null;
  changedAt: number;
  lastBeatAt: number | null;
  health: string | null;
  healthDetail: string | null;
  /** The end of its log when it last failed. */
  evidence: string | null;
}

/** Whether an agent in `state` will do nothing more. */
export function hasEnded(state: AgentState): state is "stopped" | "failed" | "dead" {
  return state === "stopped" || state === "failed" || state === "dead";
}

/** Writes a new agent of `run`, or takes over the name of one from an earlier run. */
export async function registerAgent(
  tx: WriteTx,
  agent: {
    name: string;
    group: string;
    run: number;
    runner: string;
    inbox: string;
    token: string;
    paused?: boolean;
  },
): Promise<void> {
  const { name, group, run, runner, inbox, token, paused = false } = agent;
  await tx.run(
    `insert or replace into agents (name, member_of, run, runner, inbox, state, token_hash, changed_at, paused)
     values ($name, $group, $run, $runner, $inbox, 'starting', $hash, $now, $paused)`,
    {
      name,
      group,
      run,
      runner,
      inbox,
      hash: hashToken(token),
      now: tx.now,
      paused: Number(paused),
    },
  );
}

/** The names of the agents that are paused, or were when their run ended. */
export async function pausedAgents(tx: ReadTx): Promise<ReadonlySet<string>> {
  const rows = await tx.all<{ name: string }>("select name from agents where paused = 1");
  return new Set(rows.map(({ name }) => name));
}

/** Forgets the agents of earlier runs than `run`. */
export async function forgetEarlierAgents(tx: WriteTx, run: number): Promise<void> {
  await tx.run("delete from agents where run < $run", { run });
}

/** Forgets the agent `name`: it is in the swarm file no more. */
export async function forgetAgent(tx: WriteTx, name: string): Promise<void> {
  await tx.run("delete from agents where name = $name", { name });
}

/** What changes about an agent; what is left out stays as it is. */
export interface AgentChange {
  state?: AgentState;
  reason?: string | null;
  paused?: boolean;
  restarts?: number;
  evidence?: string | null;
  host?: ProcessIdentity | null;
  program?: ProcessIdentity | null;
  /** It runs from now on. */
  started?: true;
  lastBeatAt?: number;
  health?: string;
  healthDetail?: string | null;
}

/** The state of an agent and what it says of itself. */
export interface Condition {
  state: string;
  reason: string | null;
  health: string | null;
  detail: string | null;
}

/** Notes `change` about the agent `name`: how it is now, undefined when there is no such agent. One that has ended has no processes. */
export async function noteChange(
  tx: WriteTx,
  name: string,
  change: AgentChange,
): Promise<Condition | undefined> {
  const { host, program, started, paused, ...plain } = change;
  const values: Record<string, string | number | null> = {};
  for (const [key, value] of Object.entries(plain)) values[columnOf[key] ?? key] = value;
  if (change.state !== undefined) values["changed_at"] = tx.now;
  if (started) values["started_at"] = tx.now;
  if (paused !== undefined) values["paused"] = paused ? 1 : 0;
  const ended = change.state !== undefined && hasEnded(change.state);
  Object.assign(values, identityColumns("host", ended ? null : host));
  Object.assign(values, identityColumns("program", ended ? null : program));
  const columns = Object.keys(values);
  const sets = columns.map((column) => `${column} = $${column}`).join(", ");
  return await tx.get<Condition>(
    `update agents set ${sets || "name = name"} where name = $name
     returning state, reason, health, health_detail as detail`,
    { ...values, name },
  );
}

const columnOf: Record<string, string> = {
  lastBeatAt: "last_beat_at",
  healthDetail: "health_detail",
};

function identityColumns(of: string, identity: ProcessIdentity | null | undefined) {
  if (identity === undefined) return {};
  return {
    [`${of}_pid`]: identity?.pid ?? null,
    [`${of}_start_time`]: identity?.startTime ?? null,
  };
}

const columns = `name, member_of as "group", reason, runner, inbox, restarts,
  case when state = 'ready' and name in (select holder from working) then 'busy' else state end as state,
  host_pid as hostPid, host_start_time as hostStartTime,
  program_pid as programPid, program_start_time as programStartTime,
  started_at as startedAt, changed_at as changedAt, last_beat_at as lastBeatAt,
  health, health_detail as healthDetail, evidence`;

/** Every agent by its group, and there by its number; none before the first `up`. */
export async function listAgents(tx: ReadTx): Promise<Agent[]> {
  return await tx.all<Agent>(
    `select ${columns} from agents order by member_of, length(name), name`,
  );
}

/** The agent `name`; undefined when there is none. */
export async function findAgent(tx: ReadTx, name: string): Promise<Agent | undefined> {
  return await tx.get<Agent>(`select ${columns} from agents where name = $name`, { name });
}

/**
 * `agents` as whoever looks finds them when their supervisor is dead: nobody notes any more how they are, so one whose host is
 * gone too is dead. `isAlive` says whether a process is there.
 */
export function unwatched(
  agents: readonly Agent[],
  isAlive: (identity: ProcessIdentity) => boolean,
  returns: boolean,
): Agent[] {
  return agents.map((agent) => {
    const { state, hostPid: pid, hostStartTime: startTime } = agent;
    if (hasEnded(state)) return agent;
    if (pid !== null && startTime !== null && isAlive({ pid, startTime })) return agent;
    const supervisor = returns ? "is about to start again" : "is dead";
    const reason = `its host is gone, and its supervisor ${supervisor}`;
    return { ...agent, state: "dead", reason, hostPid: null, programPid: null };
  });
}

/** The long-lived programs of `agents`; none of those between two messages. */
export function programsOf(
  agents: readonly Pick<Agent, "programPid" | "programStartTime">[],
): ProcessIdentity[] {
  return agents.flatMap(({ programPid: pid, programStartTime: startTime }) =>
    pid === null || startTime === null ? [] : [{ pid, startTime }],
  );
}

/** The inbox that the agent `name` works on; `name` itself when it is no agent. */
export async function inboxOfAgent(tx: ReadTx, name: string): Promise<string> {
  const row = await tx.get<{ inbox: string }>("select inbox from agents where name = $name", {
    name,
  });
  return row?.inbox ?? name;
}

/** Whether `name` is an agent that may claim nothing now. */
export async function isPaused(tx: ReadTx, name: string): Promise<boolean> {
  const row = await tx.get("select 1 from agents where name = $name and paused = 1", { name });
  return row !== undefined;
}

/**
 * Throws E_IDENTITY when `name` is an agent of a swarm that runs and `token` is not the one it was given. It guards against
 * mistakes, such as two programs that took one name, and not against a hostile process of the same user.
 */
export async function checkIdentity(
  tx: ReadTx,
  name: string,
  token: string | undefined,
): Promise<void> {
  const agent = await tx.get<{ hash: string }>(
    `select token_hash as hash from agents
      where name = $name and run in (select id from runs where state != 'stopped')`,
    { name },
  );
  if (agent === undefined || (token !== undefined && hashToken(token) === agent.hash)) return;
  throw new SkepError(
    "E_IDENTITY",
    `${name} is an agent of the running swarm, and you are not it`,
    {
      hint: "Use another --as NAME; agents get the token that proves their name in SKEP_TOKEN.",
    },
  );
}

function hashToken(token: string): string {
  // Loaded when a name has to be proved: it takes longer than all else a command does.
  const { createHash } = process.getBuiltinModule("node:crypto");
  return createHash("sha256").update(token).digest("hex");
}
