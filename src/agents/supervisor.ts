// The supervisor: starts the host of every agent, sees each end at once, and takes the swarm down in order.
import { dirname } from "node:path";
import { sleep } from "../core/clock.ts";
import type { Clock } from "../core/clock.ts";
import type { Emitter } from "../core/events.ts";
import { randomHex } from "../core/ids.ts";
import { type ProcessIdentity, ownIdentity } from "../core/identity.ts";
import type { Store, WriteTx } from "../store/store.ts";
import { startHost } from "./host-process.ts";
import { type Child, describeExit, signalProcess } from "./process.ts";
import { forgetEarlierAgents, noteState, registerAgent } from "./registry.ts";
import { findOpenRun, noteStopping, openRun } from "./runs.ts";
import { type Ledger, type Summary, finishRun, reapDeadRun } from "./shutdown.ts";
import { killMarked } from "./survivors.ts";

/** One agent to run, as its supervisor needs to know it. */
export interface Member {
  name: string;
  runner: string;
  inbox: string;
  cwd: string;
  /** The environment of its host. */
  hostEnv: Record<string, string>;
  /** What the host is told, given what every program of the agent carries in its environment. */
  assignment(identity: Record<string, string>): string;
}

export interface SwarmPlan {
  name: string;
  file: string;
  members: Member[];
}

export interface Supervision {
  home: string;
  store: Store;
  clock: Clock;
  events: Emitter;
  /** What the bus does in the transactions of a run; `app` passes it in. */
  ledger: Ledger;
  settings: { stopGraceMs: number; drainTimeoutMs: number };
  /** Aborts when the swarm is to go down; the second one when it is not to wait. */
  signal: AbortSignal;
  urgent: AbortSignal;
}

/** Runs the swarm until it is told to stop or every agent has ended: how it went. E_RUNNING when one runs here already. */
export async function supervise(plan: SwarmPlan, supervision: Supervision): Promise<Summary> {
  const { store, clock, signal, settings } = supervision;
  await reapDeadRun(supervision);
  const run = await begin(plan, supervision);
  const hosts = new Map<string, Child>();
  const watched: Promise<void>[] = [];
  for (const member of plan.members) {
    if (signal.aborted) break;
    const host = await startMember(member, run, supervision);
    hosts.set(member.name, host);
    watched.push(watch(member.name, host, run, hosts, supervision));
  }
  await Promise.race([Promise.all(watched), untilToldToStop(supervision, hosts)]);

  const asked = await store.read(findOpenRun);
  const timeoutMs = asked?.stopTimeoutMs ?? settings.drainTimeoutMs;
  const startTick = clock.tick();
  await store.write(async (tx) => {
    await noteStopping(tx, run.id);
    await supervision.ledger.stopIntake(tx, clock.tick() + timeoutMs);
  });
  for (const host of hosts.values()) signalProcess(host, "SIGTERM");
  const waited = new AbortController();
  const enough = AbortSignal.any([supervision.urgent, waited.signal]);
  await Promise.race([Promise.all(watched), sleep(timeoutMs, enough)]);
  waited.abort();
  return await finishRun(run, supervision, startTick);
}

interface Started {
  id: number;
  mark: string;
  tokens: Map<string, string>;
}

async function begin(plan: SwarmPlan, { store, clock, ledger }: Supervision): Promise<Started> {
  const mark = randomHex(16);
  const tokens = new Map(plan.members.map(({ name }) => [name, randomHex(16)]));
  const id = await store.write(async (tx: WriteTx) => {
    const self = ownIdentity();
    const run = await openRun(tx, {
      swarm: plan.name,
      file: plan.file,
      mark,
      boot: clock.boot,
      self,
    });
    for (const { name, runner, inbox } of plan.members)
      await registerAgent(tx, { name, run, runner, inbox, token: tokens.get(name)! });
    await forgetEarlierAgents(tx, run);
    await ledger.begin(
      tx,
      plan.members.flatMap(({ name, inbox }) => [name, inbox]),
    );
    return run;
  });
  return { id, mark, tokens };
}

async function startMember(
  member: Member,
  run: Started,
  { home, events }: Supervision,
): Promise<Child> {
  const { name } = member;
  const identity = {
    SKEP_HOME: home,
    SKEP_AGENT: name,
    SKEP_TOKEN: run.tokens.get(name)!,
    SKEP_RUN: run.mark,
    PATH: pathWithSkepFirst(member.hostEnv["PATH"]),
  };
  const host = await startHost({
    name,
    home,
    cwd: member.cwd,
    env: { ...member.hostEnv, ...identity },
    assignment: member.assignment(identity),
    onOutput: (chunk) =>
      events.emit("agent.said", { name, text: Buffer.from(chunk).toString("utf8") }),
  });
  events.emit("agent.started", { name, pid: host.pid });
  return host;
}

/** Waits for the end of a host and sees to what it leaves behind. */
async function watch(
  name: string,
  host: Child,
  run: Started,
  hosts: Map<string, Child>,
  supervision: Supervision,
): Promise<void> {
  const { store, ledger, events } = supervision;
  const exit = await host.exited;
  hosts.delete(name);
  const reason = `its host ${describeExit(exit)}`;
  // Its programs may still be at work on what somebody else is about to get.
  const killed = exit.code === 0 ? 0 : await killMarked({ run: run.mark, agent: name });
  await store.write(async (tx) => {
    await noteState(tx, name, "dead", reason);
    await ledger.handBack(tx, name, reason);
    await ledger.forgetWaiter(tx, host.pid);
  });
  events.emit("agent.ended", { name, reason, killed });
}

async function untilToldToStop(
  { signal, store }: Supervision,
  hosts: Map<string, ProcessIdentity>,
): Promise<void> {
  // `skep down` leaves its wish in the run's row and then sends SIGTERM; a signal that is lost is made up for here.
  while (!signal.aborted && hosts.size > 0) {
    await sleep(2_000, signal);
    const run = await store.read(findOpenRun);
    if (run?.stopAskedAt != null) return;
  }
}

function pathWithSkepFirst(path: string | undefined): string {
  const own = dirname(process.execPath);
  return path === undefined || path === "" ? own : `${own}:${path}`;
}
