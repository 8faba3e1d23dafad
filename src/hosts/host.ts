// A host: what of ours stands between one agent's program and its inbox. It claims, renews, captures output, and
// sees the program's end at once, so that a busy or hung program silences nothing.
import { insist } from "../agents/insist.ts";
import { type Log, openLog } from "../agents/log.ts";
import { signalGroup } from "../agents/process.ts";
import { findOpenRun } from "../agents/runs.ts";
import { endMarked } from "../agents/survivors.ts";
import { handBack } from "../bus/hand-back.ts";
import { aborted, sleep } from "../core/clock.ts";
import { isSkepError } from "../core/errors.ts";
import { type ProcessIdentity, isAlive } from "../core/identity.ts";
import { untilLifeless } from "./liveness.ts";
import { type Listener, awaitReady, listenFor } from "./readiness.ts";
import { keepLeases } from "./renew.ts";
import type { Assignment, Controls, Ended, Host, Parts } from "./runner.ts";
import { runExec } from "./runners/exec.ts";
import { runModule } from "./runners/module.ts";
import { runSelf } from "./runners/self.ts";
import { runStream } from "./runners/stream.ts";

/** Runs the agent of `assignment` until it ends or `draining` aborts: how it ended. What it still holds is handed back. */
export async function runHost(
  parts: Parts,
  { spec, env }: Assignment,
  controls: Controls,
): Promise<Ended> {
  const { store, bus } = parts;
  const { draining, gate, turns, killing, endStrays, tell } = controls;
  const { name, ready } = spec;
  const listener = typeof ready === "object" && "log" in ready ? listenFor(ready.log) : undefined;
  const log = openHeardLog(parts, spec, listener);
  const over = new AbortController();
  let program: ProcessIdentity | undefined;
  let killed: string | undefined;
  const kill = (reason: string) => {
    killed ??= reason;
    if (program !== undefined) signalGroup(program, "SIGKILL");
  };
  const host: Host = {
    ...parts,
    spec,
    env,
    log,
    draining,
    gate,
    turns,
    endStrays,
    started(found) {
      program = found;
      tell({ report: "started", name, program: found === undefined ? null : identityOf(found) });
      void awaitReady(host, listener, over.signal).then((why) => {
        if (why !== undefined) kill(why);
        else if (ready !== "beat" && !over.signal.aborted) tell({ report: "ready", name });
      });
      void untilLifeless(host, over.signal).then((why) => why !== undefined && kill(why));
    },
    working(found) {
      program = found;
    },
  };
  killing.addEventListener("abort", () => kill(String(killing.reason)), { once: true });
  const leases = keepLeases(host, () => program);
  try {
    const found = await endOf(host);
    over.abort();
    // The bus may tell a program that the swarm goes down before the supervisor's signal reaches us.
    const told = draining.aborted || (await store.read(findOpenRun))?.state === "stopping";
    const ended: Ended =
      told && found.unstarted !== true
        ? { state: "stopped", reason: null }
        : asKilled(found, killed);
    // What its program leaves behind, a `skep recv` that waits, say, could claim in the agent's name once more.
    // Programs at a terminal often start others in groups of their own, as shells do.
    if (!draining.aborted || spec.terminal) await endStrays();
    // A program that was told to stop, or never began, spends nobody's attempt.
    const ending = told || ended.unstarted === true ? "returned" : "died";
    const reason = ended.reason ?? "its program ended";
    await insist(store, (tx) => handBack(tx, bus.settings, name, ending, reason));
    return ended;
  } finally {
    over.abort();
    leases.stop();
    log.close();
  }
}

/** Once `draining` has aborted and the supervisor, which would see to it, is dead: ends the agent's programs when their time is over. */
export async function endWithoutSupervisor(
  { settings }: Pick<Parts, "settings">,
  { spec, env, supervisor }: Assignment,
  draining: AbortSignal,
): Promise<void> {
  const { drainTimeoutMs, stopGraceMs } = settings.agents;
  await aborted(draining);
  do await sleep(drainTimeoutMs);
  while (isAlive(supervisor));
  await endMarked({ run: env["SKEP_RUN"]!, agents: [spec.name] }, stopGraceMs);
}

const runners = { exec: runExec, stream: runStream, self: runSelf, module: runModule };

async function endOf(host: Host): Promise<Ended> {
  try {
    return await runners[host.spec.runner](host);
  } catch (error) {
    if (!isSkepError(error, "E_FAILED")) throw error;
    return { state: "failed", reason: error.message, unstarted: true };
  }
}

function asKilled(ended: Ended, killed: string | undefined): Ended {
  return killed === undefined ? ended : { state: "failed", reason: killed };
}

function openHeardLog(
  { home, settings }: Pick<Parts, "home" | "settings">,
  { name, logBytesMax }: Assignment["spec"],
  listener: Listener | undefined,
): Log {
  const log = openLog(home, name, logBytesMax ?? settings.agents.logBytesMax);
  if (listener === undefined) return log;
  return {
    ...log,
    append(bytes) {
      listener.hear(bytes);
      log.append(bytes);
    },
  };
}

function identityOf({ pid, startTime }: ProcessIdentity): ProcessIdentity {
  return { pid, startTime };
}
