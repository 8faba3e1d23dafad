// Detach: a swarm that goes on when whoever started it is gone.
import { spawn } from "node:child_process";
import { closeSync, constants, fstatSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { type Clock, sleep } from "../core/clock.ts";
import { type ErrorCode, SkepError } from "../core/errors.ts";
import { fileFault } from "../store/faults.ts";
import type { Store } from "../store/store.ts";
import { needFileRoom } from "./file-room.ts";
import { cannotStart, describeExit } from "./process.ts";
import { type Agent, hasEnded, listAgents } from "./registry.ts";
import { findLastRun, isOfHere } from "./runs.ts";
import type { Exit } from "./spawned.ts";

/** How far a swarm that was started has come. */
export interface Begun {
  run: number;
  /** The process to signal, as a terminal would; null when all has ended as it should: there was nothing to stay for. */
  pid: number | null;
  agents: Record<string, number>;
  /** Of how many of them not even a process could be started, and why, by one of them; undefined when all were. */
  unstarted: { count: number; reason: string } | undefined;
}

export interface Detaching {
  store: Store;
  clock: Clock;
  /** Where its guardian and its supervisor write what they have to say. */
  logPath: string;
  command: readonly string[];
  env: Record<string, string>;
  /** Called when its run is there for everybody to see, once or more often. */
  onBegun(): void;
  /** Called once a second with how many of its agents are ready. */
  onProgress(ready: number, all: number): void;
  signal: AbortSignal;
}

const lookMs = 50;
const progressMs = 1_000;

/**
 * Starts `command`, which is to run a swarm, in a session of its own, and waits until each agent is ready or has ended: how many
 * are in which state. When it ends before, how that is told has the exit status that it had. E_BUSY when `signal` aborts, and then it goes on.
 */
export async function detach(detaching: Detaching): Promise<Begun> {
  const { store, clock, onBegun, onProgress, signal } = detaching;
  const child = start(detaching);
  let shownTick = clock.tick();
  for (;;) {
    // Asked in this order: what it has written by its end is there to be read.
    const { ended } = child;
    const { run, agents } = await store.read(async (tx) => ({
      run: await findLastRun(tx),
      agents: await listAgents(tx),
    }));
    // Where numbers come again, as in a container, an earlier run may have had a guardian of this one.
    const isBegun = run !== undefined && run.guardianPid === child.pid && isOfHere(run, clock.boot);
    const begun = isBegun && agents.length > 0 ? run : undefined;
    if (begun !== undefined) onBegun();
    if (begun !== undefined && ended?.code === 0)
      return { run: begun.id, pid: null, ...howThey(agents) };
    if (ended !== undefined) throw notBegun(ended, child.logFrom, detaching);
    const settled = agents.filter(({ state }) => state !== "starting");
    const staying = settled.filter(({ state }) => !hasEnded(state));
    // A swarm of which nobody stays is about to end, and its end says how it went.
    if (begun !== undefined && settled.length === agents.length && staying.length > 0)
      return { run: begun.id, pid: child.pid, ...howThey(agents) };
    if (begun !== undefined && clock.tick() - shownTick >= progressMs) {
      onProgress(staying.length, agents.length);
      shownTick = clock.tick();
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
  /** How it ended; `fault` when it could not even be started. */
  ended: (Exit & { fault?: Error }) | undefined;
  /** Where in the log its words begin. */
  logFrom: number;
}

function start({ command, env, logPath }: Detaching): Started {
  const { log, size } = openForWords(logPath);
  const [program, ...args] = command;
  const started: Started = { pid: 0, ended: undefined, logFrom: size };
  const failed = (fault: Error) => (started.ended = { code: null, signal: null, fault });
  try {
    // A spawn that runs out of files halfway has started what nobody knows of.
    needFileRoom();
    const child = spawn(program!, args, { env, detached: true, stdio: ["ignore", log, log] });
    child.once("error", failed);
    child.once("exit", (code, signal) => (started.ended = { code, signal }));
    child.unref();
    started.pid = child.pid ?? 0;
  } catch (error) {
    failed(error as Error);
  } finally {
    closeSync(log);
  }
  return started;
}

function openForWords(path: string): { log: number; size: number } {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const log = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
    return { log, size: fstatSync(log).size };
  } catch (error) {
    throw fileFault(error, path);
  }
}

// What the exit statuses of a swarm mean, for whoever hears of them from outside. Anything else is a signal's.
const codes: Record<number, ErrorCode> = {
  1: "E_INTERNAL",
  2: "E_CONFIG",
  4: "E_BUSY",
  7: "E_HOME",
};

function notBegun(
  { fault, ...exit }: NonNullable<Started["ended"]>,
  logFrom: number,
  { command, logPath }: Detaching,
): SkepError {
  if (fault !== undefined) return cannotStart(command[0]!, process.cwd(), fault);
  const said = readFileSync(logPath).subarray(logFrom).toString("utf8").trim();
  const last = said.split("\n").slice(-10).join("\n");
  return new SkepError(
    codes[exit.code ?? 0] ?? "E_FAILED",
    `the swarm ${describeExit(exit)} before it was up${last && `:\n${last}`}`,
    { hint: `All it said is in ${logPath}.` },
  );
}

function howThey(agents: readonly Agent[]): Pick<Begun, "agents" | "unstarted"> {
  const counts: Record<string, number> = {};
  for (const { state } of agents) counts[state] = (counts[state] ?? 0) + 1;
  const never = agents.filter(({ state, startedAt }) => state === "failed" && startedAt === null);
  const [first] = never;
  const unstarted =
    first === undefined
      ? undefined
      : { count: never.length, reason: first.reason ?? "nobody knows why" };
  return { agents: counts, unstarted };
}
