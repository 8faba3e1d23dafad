// A host: the process of ours that stands between one agent's program and its inbox. It claims, renews,
// captures output, and sees the program's end at once, so that a busy or hung program silences nothing.
import { insist } from "../agents/insist.ts";
import { openLog } from "../agents/log.ts";
import { noteStarted, noteState } from "../agents/registry.ts";
import { endMarked, killMarked } from "../agents/survivors.ts";
import { handBack } from "../bus/hand-back.ts";
import { aborted, sleep } from "../core/clock.ts";
import { isSkepError } from "../core/errors.ts";
import { type ProcessIdentity, isAlive } from "../core/identity.ts";
import { keepLeases } from "./renew.ts";
import type { Assignment, Ended, Host, Parts } from "./runner.ts";
import { runExec } from "./runners/exec.ts";
import { runModule } from "./runners/module.ts";
import { runSelf } from "./runners/self.ts";
import { runStream } from "./runners/stream.ts";

/** Runs the agent of `assignment` until it ends or `draining` aborts: how it ended. What it still holds is handed back. */
export async function runHost(
  parts: Parts,
  { spec, env }: Assignment,
  draining: AbortSignal,
): Promise<Ended> {
  const { store, bus } = parts;
  const log = openLog(parts.home, spec.name, parts.settings.agents.logBytesMax);
  let program: ProcessIdentity | undefined;
  const host: Host = {
    ...parts,
    spec,
    env,
    log,
    draining,
    async started(found) {
      program = found;
      await insist(store, (tx) => noteStarted(tx, spec.name, bus.self, found));
    },
    working(found) {
      program = found;
    },
  };
  const leases = keepLeases(host, () => program);
  try {
    const ended = await endOf(host);
    // What its program leaves behind, a `skep recv` that waits, say, could claim in the agent's name once more.
    if (!draining.aborted) await killMarked({ run: env["SKEP_RUN"]!, agent: spec.name });
    // A program that was told to stop, or never began, spends nobody's attempt.
    const ending = draining.aborted || ended.unstarted === true ? "returned" : "died";
    const reason = ended.reason ?? "its program ended";
    await insist(store, async (tx) => {
      await handBack(tx, bus.settings, spec.name, ending, reason);
      await noteState(tx, spec.name, ended.state, ended.reason);
    });
    return ended;
  } finally {
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
  await endMarked({ run: env["SKEP_RUN"]!, agent: spec.name }, stopGraceMs);
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
