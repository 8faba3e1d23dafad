// A host: what of ours stands between one agent's program and its inbox. It claims, renews, captures output, and
// sees the program's end at once, so that a busy or hung program silences nothing.
import { insist } from "../agents/insist.ts";
import { type Log, openLog } from "../agents/log.ts";
import { signalGroup } from "../agents/process.ts";
import { findOpenRun } from "../agents/runs.ts";
import { endMarked } from "../agents/survivors.ts";
import { handBack } from "../bus/hand-back.ts";
import { aborted, sleepAwake } from "../core/clock.ts";
import { isSkepError } from "../core/errors.ts";
import { type ProcessIdentity, isAlive } from "../core/identity.ts";
import { untilLifeless } from "./liveness.ts";
import { type Listener, awaitReady, listenFor } from "./readiness.ts";
import { keepLeases } from "./renew.ts";
import { tellOfLongWork } from "./long-work.ts";
import type { Assignment, Controls, Ended, Host, Parts } from "./runner.ts";
import type { Spares } from "./spares.ts";

/** Runs the agent of `assignment` until it ends or `draining` aborts: how it ended. What it still holds is handed back. */
export async function runHost(
  parts: Parts,
  { spec, env }: Assignment,
  controls: Controls,
): Promise<Ended> {
  const { store, bus } = parts;
  const { draining, gate, pace, turns, spares, killing, endStrays, tell } = controls;
  const { name, ready } = spec;
  const listener = typeof ready === "object" && "log" in ready ? listenFor(ready.log) : undefined;
  const log = openHeardLog(parts, spec, listener);
  const over = new AbortController();
  const killed = new AbortController();
  let program: ProcessIdentity | undefined;
  let left = 0;
  let sweep: Promise<unknown> = Promise.resolve();
  const works = (found: ProcessIdentity | undefined) => {
    program = found;
    if (killed.signal.aborted && program !== undefined) signalGroup(program, "SIGKILL");
  };
  const kill = (reason: string) => {
    killed.abort(reason);
    works(program);
  };
  const tellOfWork = tellOfLongWork(name, tell);
  // The end of a program that lives as long as its agent is seen; others have to be told to take nothing more.
  const hasProgram = spec.runner === "self" || spec.runner === "stream";
  const host: Host = {
    ...parts,
    spec,
    env,
    log,
    draining: hasProgram ? draining : AbortSignal.any([draining, killed.signal]),
    gate,
    pace,
    turns,
    endStrays() {
      // One after the other: the last one, which its end waits for, then comes after all that the others killed.
      const swept = sweep.then(endStrays).then((count) => {
        if (hasProgram) left += count;
        return count;
      });
      sweep = swept;
      return swept;
    },
    spares,
    started(found) {
      works(found);
      tell({ report: "started", name, program: found === undefined ? null : identityOf(found) });
      void awaitReady(host, listener, over.signal).then((why) => {
        if (why !== undefined) kill(why);
        else if (ready !== "beat" && !over.signal.aborted) tell({ report: "ready", name });
      });
      void untilLifeless(host, over.signal).then((why) => why !== undefined && kill(why));
    },
    working(found) {
      works(found);
      tellOfWork(found);
    },
  };
  killing.addEventListener("abort", () => kill(String(killing.reason)), { once: true });
  const leases = keepLeases(host, () => program);
  try {
    const found = await endOf(host, killed.signal);
    over.abort();
    // The bus may tell a program that the swarm goes down before the supervisor's signal reaches us.
    const run = env["SKEP_RUN"];
    const open = await store.read(findOpenRun);
    const told = draining.aborted || (open?.state === "stopping" && open.mark === run);
    const ended: Ended =
      told && found.unstarted !== true ? { state: "stopped", reason: null } : found;
    // What its program leaves behind, a `skep recv` that waits, say, could claim in the agent's name once more.
    // Programs at a terminal often start others in groups of their own, as shells do.
    if (!draining.aborted || spec.terminal) await host.endStrays();
    // A program that was told to stop, or never began, spends nobody's attempt.
    const ending = told || ended.unstarted === true ? "returned" : "died";
    const reason = ended.reason ?? "its program ended";
    await insist(store, async (tx) => {
      const now = await findOpenRun(tx);
      // Once another run has taken the place of this one, what the name holds is held by its agent.
      if (now === undefined || now.mark === run)
        await handBack(tx, bus.settings, name, ending, reason);
    });
    return left === 0 || told ? ended : { ...ended, reason: withLeft(ended.reason, left) };
  } finally {
    over.abort();
    tellOfWork(undefined);
    leases.stop();
    log.close();
  }
}

/** Once `draining` has aborted and the supervisor, which would see to it, is dead: ends the programs of the agents `names`, as they are then, when their time is over. */
export async function endWithoutSupervisor(
  { settings }: Pick<Parts, "settings">,
  { run, supervisor }: { run: string; supervisor: Assignment["supervisor"] },
  { names, spares }: { names: ReadonlySet<string>; spares: Spares },
  draining: AbortSignal,
): Promise<void> {
  const { drainTimeoutMs, stopGraceMs } = settings.agents;
  await aborted(draining);
  do await sleepAwake(drainTimeoutMs);
  while (isAlive(supervisor));
  const agents = [...names];
  await endMarked({ run, agents, spares: agents.flatMap(spares.marksOf) }, stopGraceMs);
}

// Only that of its agents is loaded: a module brings streams along, a program the means to start one.
const runners = {
  exec: async () => (await import("./runners/exec.ts")).runExec,
  stream: async () => (await import("./runners/stream.ts")).runStream,
  self: async () => (await import("./runners/self.ts")).runSelf,
  module: async () => (await import("./runners/module.ts")).runModule,
};

async function endOf(host: Host, killed: AbortSignal): Promise<Ended> {
  const { runner } = host.spec;
  const asKilled = (): Ended => ({ state: "failed", reason: String(killed.reason) });
  try {
    const run = await runners[runner]();
    const ending = run(host);
    // A function that does not return cannot be ended, only left alone: what it answers later is stale.
    const ended = await (runner === "module"
      ? Promise.race([ending, aborted(killed).then(asKilled)])
      : ending);
    return killed.aborted ? asKilled() : ended;
  } catch (error) {
    if (!isSkepError(error, "E_FAILED")) throw error;
    return { state: "failed", reason: error.message, unstarted: true };
  }
}

// Whoever named a program that puts itself in the background, and ends, is to see what became of it.
function withLeft(reason: string | null, left: number): string {
  const what = `${left} ${left === 1 ? "process" : "processes"} that it left behind killed`;
  return reason === null ? what : `${reason}; ${what}`;
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
