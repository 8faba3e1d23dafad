// A host: the process of ours that stands between one agent's program and its inbox. It claims, renews,
// captures output, and sees the program's end at once, so that a busy or hung program silences nothing.
import { type Log, openLog } from "../agents/log.ts";
import { type AgentState, noteStarted, noteState } from "../agents/registry.ts";
import type { Bus } from "../bus/bus.ts";
import { handBack } from "../bus/hand-back.ts";
import type { Settings } from "../config/settings.ts";
import type { AgentSpec } from "../config/swarm.ts";
import type { Clock } from "../core/clock.ts";
import { isSkepError } from "../core/errors.ts";
import type { ProcessIdentity } from "../core/identity.ts";
import type { Store } from "../store/store.ts";
import { keepLeases } from "./renew.ts";
import { runExec } from "./runners/exec.ts";
import { runModule } from "./runners/module.ts";
import { runSelf } from "./runners/self.ts";
import { runStream } from "./runners/stream.ts";

/** What a host is told by the supervisor, on one line of JSON. */
export interface Assignment {
  spec: AgentSpec;
  /** The whole environment of the agent's programs. */
  env: Record<string, string>;
}

/** What of the opened swarm a host works with. */
export interface Parts {
  home: string;
  settings: Settings;
  bus: Bus;
  store: Store;
  clock: Clock;
}

/** What a runner has to work with. */
export interface Host extends Parts {
  spec: AgentSpec;
  env: Record<string, string>;
  log: Log;
  /** Aborts when the agent is to stop: no more claims, finish what is in hand. */
  draining: AbortSignal;
  /** Notes that the agent is at work, and which program is its, where one runs for long. */
  started(program?: ProcessIdentity): Promise<void>;
}

/** How an agent ended, and why where there is something to say. */
export interface Ended {
  state: Extract<AgentState, "stopped" | "failed">;
  reason: string | null;
  /** Whether its program could not even be started. */
  unstarted?: true;
}

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
      await store.write((tx) => noteStarted(tx, spec.name, bus.self, found));
    },
  };
  const leases = keepLeases(host, () => program);
  try {
    const ended = await endOf(host);
    // A program that was told to stop, or never began, spends nobody's attempt.
    const ending = draining.aborted || ended.unstarted === true ? "returned" : "died";
    const reason = ended.reason ?? "its program ended";
    await store.write(async (tx) => {
      await handBack(tx, bus.settings, spec.name, ending, reason);
      await noteState(tx, spec.name, ended.state, ended.reason);
    });
    return ended;
  } finally {
    leases.stop();
    log.close();
  }
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
