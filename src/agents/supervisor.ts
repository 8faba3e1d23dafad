// The supervisor: starts the host of every agent, sees each end at once, and takes the swarm down in order.
import { type Clock, sleep } from "../core/clock.ts";
import { isSkepError } from "../core/errors.ts";
import type { Emitter } from "../core/events.ts";
import { randomHex } from "../core/ids.ts";
import { ownIdentity } from "../core/identity.ts";
import type { Store } from "../store/store.ts";
import { hostRuntime, startHost } from "./host-process.ts";
import { insist } from "./insist.ts";
import { type Child, type Exit, describeExit, signalProcess } from "./process.ts";
import {
  findAgent,
  forgetEarlierAgents,
  noteState,
  programsOf,
  registerAgent,
} from "./registry.ts";
import { findOpenRun, noteStopping, openRun } from "./runs.ts";
import { type Ledger, type Summary, finishRun, reapDeadRun } from "./shutdown.ts";
import { killMarked } from "./survivors.ts";
import { keepTail } from "./tail.ts";

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
  /** What starts skep, for the hosts. */
  skep: readonly string[];
  /** Aborts when the swarm is to go down; the second one when it is not to wait. */
  signal: AbortSignal;
  urgent: AbortSignal;
}

/** Runs the swarm until it is told to stop or every agent has ended: how it went. E_RUNNING when one runs here already. */
export async function supervise(plan: SwarmPlan, supervision: Supervision): Promise<Summary> {
  await reapDeadRun(supervision);
  const run = await begin(plan, supervision);
  supervision.events.emit("swarm.started", { swarm: plan.name, agents: plan.members.length });
  let startTick = supervision.clock.tick();
  try {
    await startAll(plan.members, run, supervision);
    await Promise.race([Promise.all(run.watched), untilToldToStop(run, supervision)]);
    startTick = supervision.clock.tick();
    await drain(run, supervision);
  } catch (error) {
    // Whatever went wrong, nothing that was started stays behind.
    run.over.abort();
    await finishRun(run, supervision, startTick).catch(() => {});
    throw error;
  }
  // From here on it is not each host's end that counts, but that none is left.
  run.over.abort();
  return await finishRun(run, supervision, startTick);
}

interface Running {
  id: number;
  mark: string;
  boot: string;
  tokens: Map<string, string>;
  hosts: Map<string, Child>;
  watched: Promise<void>[];
  /** Whether the hosts have been told to stop. */
  stopping: boolean;
  /** Aborts when whoever still runs is about to be ended. */
  over: AbortController;
}

async function begin(
  { name: swarm, file, members }: SwarmPlan,
  { store, clock, ledger }: Supervision,
): Promise<Running> {
  const mark = randomHex(16);
  const { boot } = clock;
  const tokens = new Map(members.map(({ name }) => [name, randomHex(16)]));
  const id = await store.write(async (tx) => {
    const run = await openRun(tx, { swarm, file, mark, boot, ...ownIdentity() });
    for (const { name, runner, inbox } of members)
      await registerAgent(tx, { name, run, runner, inbox, token: tokens.get(name)! });
    await forgetEarlierAgents(tx, run);
    const names = members.map(({ name }) => name);
    await ledger.begin(tx, names, [...names, ...members.map(({ inbox }) => inbox)]);
    return run;
  });
  const over = new AbortController();
  return { id, mark, boot, tokens, hosts: new Map(), watched: [], stopping: false, over };
}

async function startAll(
  members: readonly Member[],
  run: Running,
  supervision: Supervision,
): Promise<void> {
  for (const member of members) {
    if (supervision.signal.aborted) return;
    await startMember(member, run, supervision);
  }
}

async function startMember(
  member: Member,
  run: Running,
  { home, skep, store, events, ledger, signal }: Supervision,
): Promise<void> {
  const { name, runner, cwd, hostEnv } = member;
  const identity = {
    SKEP_HOME: home,
    SKEP_AGENT: name,
    SKEP_TOKEN: run.tokens.get(name)!,
    SKEP_RUN: run.mark,
  };
  // A module does its work in the host, so its host is left as it is.
  const env = { ...(runner === "module" ? {} : hostRuntime), ...hostEnv, ...identity };
  const assignment = member.assignment(identity);
  const said = keepTail(300);
  const onOutput = (chunk: Uint8Array) => {
    said.add(chunk);
    events.emit("agent.said", { name, text: Buffer.from(chunk).toString("utf8") });
  };
  try {
    const host = await startHost({ skep, name, home, cwd, env, assignment, onOutput });
    events.emit("agent.started", { name, pid: host.pid });
    run.hosts.set(name, host);
    run.watched.push(watch(name, host, said, run, { store, ledger, events }));
  } catch (error) {
    if (!isSkepError(error, "E_FAILED")) throw error;
    // One agent that cannot be started is no reason to stop the others.
    await insist(store, (tx) => noteState(tx, name, "failed", error.message), signal);
    events.emit("agent.ended", { name, state: "failed", reason: error.message, killed: 0 });
  }
}

/** Waits for the end of a host and sees to what it leaves behind. */
async function watch(
  name: string,
  host: Child,
  said: { text(): string },
  run: Running,
  { store, ledger, events }: Pick<Supervision, "store" | "ledger" | "events">,
): Promise<void> {
  const exit = await host.exited;
  run.hosts.delete(name);
  if (run.over.signal.aborted) return;
  const asTold = endedAsTold(exit, run);
  let killed = 0;
  if (!asTold) {
    const agent = await store.read((tx) => findAgent(tx, name));
    // Its programs may still be at work on what somebody else is about to get.
    const programs = agent === undefined ? [] : programsOf([agent]);
    killed = await killMarked({ run: run.mark, agent: name, programs });
    // What it said last may say why.
    await host.finished;
  }
  const lastWords = said.text().replace(/\s*\n\s*/g, "; ");
  const reason = `its host ${describeExit(exit)}${lastWords && `: ${lastWords}`}`;
  const agent = await insist(
    store,
    async (tx) => {
      await noteState(tx, name, asTold ? "stopped" : "dead", asTold ? null : reason);
      await ledger.handBack(tx, name, reason);
      await ledger.forgetWaiter(tx, host.pid);
      return (await findAgent(tx, name))!;
    },
    run.over.signal,
  );
  events.emit("agent.ended", { name, state: agent.state, reason: agent.reason, killed });
}

/** Whether a host ended in order: by itself, or by the signal that told it to stop before it could listen to it. */
function endedAsTold({ code, signal }: Exit, { stopping }: Running): boolean {
  return code === 0 || (stopping && (signal === "SIGTERM" || code === 143));
}

async function untilToldToStop({ hosts }: Running, { signal, store }: Supervision): Promise<void> {
  // `skep down` leaves its wish in the run's row and then sends SIGTERM; a signal that is lost is made up for here.
  while (!signal.aborted && hosts.size > 0) {
    await sleep(2_000, signal);
    const run = await store.read(findOpenRun);
    if (run?.stopAskedAt != null) return;
  }
}

/** Has every agent finish what it holds, for as long as it may take. */
async function drain(run: Running, supervision: Supervision): Promise<void> {
  const { store, ledger, settings, urgent } = supervision;
  const timeoutMs = await store.write(async (tx) => {
    const asked = (await findOpenRun(tx))?.stopTimeoutMs ?? settings.drainTimeoutMs;
    await noteStopping(tx, run.id);
    await ledger.stopIntake(tx, tx.tick + asked);
    return asked;
  });
  run.stopping = true;
  for (const host of run.hosts.values()) signalProcess(host, "SIGTERM");
  const waited = new AbortController();
  const enough = AbortSignal.any([urgent, waited.signal]);
  await Promise.race([Promise.all(run.watched), sleep(timeoutMs, enough)]);
  waited.abort();
}
