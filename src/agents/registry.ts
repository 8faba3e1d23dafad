// The agents table: who there is, in which state, and how a name is proved.
import { SkepError } from "../core/errors.ts";
import type { ProcessIdentity } from "../core/identity.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";

export type AgentState = "starting" | "ready" | "busy" | "stopping" | "stopped" | "failed" | "dead";

/** One agent as `ps` shows it; null where there is nothing to say. */
export interface Agent {
  name: string;
  state: AgentState;
  reason: string | null;
  runner: string;
  inbox: string;
  hostPid: number | null;
  hostStartTime: number | null;
  programPid: number | null;
  programStartTime: number | null;
  startedAt: number | null;
  changedAt: number;
}

/** Whether an agent in `state` will do nothing more. */
export function hasEnded(state: AgentState): state is "stopped" | "failed" | "dead" {
  return state === "stopped" || state === "failed" || state === "dead";
}

/** Writes a new agent of `run`, or takes over the name of one from an earlier run. */
export async function registerAgent(
  tx: WriteTx,
  agent: { name: string; run: number; runner: string; inbox: string; token: string },
): Promise<void> {
  const { name, run, runner, inbox, token } = agent;
  await tx.run(
    `insert into agents (name, run, runner, inbox, state, token_hash, changed_at)
     values ($name, $run, $runner, $inbox, 'starting', $hash, $now)
     on conflict (name) do update set
       run = $run, runner = $runner, inbox = $inbox, state = 'starting', reason = null, token_hash = $hash,
       host_pid = null, host_start_time = null, program_pid = null, program_start_time = null,
       started_at = null, changed_at = $now`,
    { name, run, runner, inbox, hash: hashToken(token), now: tx.now },
  );
}

/** Forgets the agents of earlier runs than `run`. */
export async function forgetEarlierAgents(tx: WriteTx, run: number): Promise<void> {
  await tx.run("delete from agents where run < $run", { run });
}

/** Notes that the host of `name` runs, and its program where it has one for long. */
export async function noteStarted(
  tx: WriteTx,
  name: string,
  host: ProcessIdentity,
  program?: ProcessIdentity,
): Promise<void> {
  await tx.run(
    `update agents set state = 'ready', host_pid = $pid, host_start_time = $startTime,
            program_pid = $programPid, program_start_time = $programStartTime, started_at = $now, changed_at = $now
      where name = $name and state not in ('stopped', 'failed', 'dead')`,
    {
      name,
      pid: host.pid,
      startTime: host.startTime,
      programPid: program?.pid ?? null,
      programStartTime: program?.startTime ?? null,
      now: tx.now,
    },
  );
}

/** Notes the state of `name`, and why. An agent that has ended stays as it is. */
export async function noteState(
  tx: WriteTx,
  name: string,
  state: AgentState,
  reason: string | null,
): Promise<void> {
  await tx.run(
    `update agents set state = $state, reason = $reason, changed_at = $now,
            program_pid = case when $ended then null else program_pid end,
            program_start_time = case when $ended then null else program_start_time end,
            host_pid = case when $ended then null else host_pid end,
            host_start_time = case when $ended then null else host_start_time end
      where name = $name and state not in ('stopped', 'failed', 'dead')`,
    { name, state, reason, now: tx.now, ended: hasEnded(state) },
  );
}

const columns = `name, state, reason, runner, inbox, host_pid as hostPid, host_start_time as hostStartTime,
  program_pid as programPid, program_start_time as programStartTime, started_at as startedAt, changed_at as changedAt`;

/** Every agent by name; none before the first `up`. */
export async function listAgents(tx: ReadTx): Promise<Agent[]> {
  return await tx.all<Agent>(`select ${columns} from agents order by name`);
}

/** The agent `name`; undefined when there is none. */
export async function findAgent(tx: ReadTx, name: string): Promise<Agent | undefined> {
  return await tx.get<Agent>(`select ${columns} from agents where name = $name`, { name });
}

/** The long-lived programs of `agents`; none of those between two messages. */
export function programsOf(agents: readonly Agent[]): ProcessIdentity[] {
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
