// Detach: a swarm that goes on when whoever started it is gone.
import { spawn } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, sleep } from "../core/clock.ts";
import { SkepError } from "../core/errors.ts";
import type { Store } from "../store/store.ts";
import { hasEnded, listAgents } from "./registry.ts";
import { findLastRun } from "./runs.ts";

/** How far a swarm that was started has come. */
export interface Begun {
  run: number;
  /** The process to signal, as a terminal would. */
  pid: number;
  agents: Record<string, number>;
}

export interface Detaching {
  store: Store;
  clock: Clock;
  /** Where its guardian and its supervisor write what they have to say. */
  logPath: string;
  command: readonly string[];
  env: Record<string, string>;
  /** Called once a second with how many of its agents are ready. */
  onProgress(ready: number, all: number): void;
  signal: AbortSignal;
}

const lookMs = 50;
const progressMs = 1_000;

/**
 * Starts `command`, which is to run a swarm, in a session of its own, and waits until each agent is ready or has ended: how many
 * are in which state. E_FAILED with what it said last when it ends before; E_BUSY when `signal` aborts, and then it goes on.
 */
export async function detach(detaching: Detaching): Promise<Begun> {
  const { store, clock, logPath, onProgress, signal } = detaching;
  const child = start(detaching);
  let shownTick = clock.tick();
  for (;;) {
    if (child.ended !== undefined) throw notBegun(child, logPath);
    const run = await store.read(findLastRun);
    if (run?.guardianPid === child.pid) {
      const agents = await store.read(listAgents);
      const settled = agents.filter(({ state }) => state !== "starting");
      if (settled.length === agents.length && agents.length > 0)
        return { run: run.id, pid: child.pid, agents: countStates(agents) };
      if (clock.tick() - shownTick >= progressMs) {
        onProgress(settled.filter(({ state }) => !hasEnded(state)).length, agents.length);
        shownTick = clock.tick();
      }
    }
    if (signal.aborted)
      throw new SkepError("E_BUSY", "the swarm is still starting, and goes on without you", {
        hint: "skep status tells how far it is; skep down stops it.",
      });
    await sleep(lookMs, signal);
  }
}

interface Started {
  pid: number;
  /** The exit status, or the name of the signal that ended it. */
  ended: number | string | undefined;
  /** Where in the log its words begin. */
  logFrom: number;
}

function start({ command, env, logPath }: Detaching): Started {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  mkdirSync(join(logPath, ".."), { recursive: true, mode: 0o700 });
  const log = openSync(logPath, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  const [program, ...args] = command;
  const logFrom = readFileSync(logPath).length;
  const child = spawn(program!, args, { env, detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  const started: Started = { pid: child.pid ?? 0, ended: undefined, logFrom };
  child.once("error", (error) => (started.ended = error.message));
  child.once("exit", (code, signal) => (started.ended = code ?? signal!));
  child.unref();
  return started;
}

function notBegun({ ended, logFrom }: Started, logPath: string): SkepError {
  const said = readFileSync(logPath).subarray(logFrom).toString("utf8").trim();
  const last = said.split("\n").slice(-10).join("\n");
  return new SkepError(
    "E_FAILED",
    `the swarm ended (${ended}) before it was up${last && `:\n${last}`}`,
    {
      hint: `All it said is in ${logPath}.`,
    },
  );
}

function countStates(agents: readonly { state: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state } of agents) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}
