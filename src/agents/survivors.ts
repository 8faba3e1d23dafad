// Processes that a run started, found by the mark that every one of them inherited in its environment.
import { existsSync } from "node:fs";
import { sleep } from "../core/clock.ts";
import { type ProcessIdentity, isAlive, processState, threadsOf } from "../core/identity.ts";
import { idsIn, readProc } from "../core/proc.ts";
import { signalGroup, signalProcess } from "./process.ts";

/** Whose processes are meant: all of a run's, or those of some agents of it. */
export interface Mark {
  /** SKEP_RUN. */
  run: string;
  /** SKEP_AGENT is one of these; left out: everybody's. */
  agents?: readonly string[];
  /** SKEP_SPARE is one of these: what was started before it was clear for which of those agents. */
  spares?: readonly string[];
  /** Programs known by their rows, with their groups: a program can lose its mark, by `env -i` or a new title. */
  programs?: readonly ProcessIdentity[];
}

/** Every live process with that mark, but for this one; where there is no `/proc` only the known programs. One that is just becoming another program is not among them. */
export function findMarked(mark: Mark): ProcessIdentity[] {
  return lookFor(mark).found;
}

/** Ends every process with that mark: SIGTERM and `graceMs`, then SIGKILL until none is left. How many had to be killed. */
export async function endMarked(
  mark: Mark,
  graceMs: number,
  urgent?: AbortSignal,
): Promise<number> {
  await untilBegun(() => idsIn(""));
  signalAll(findMarked(mark), mark, "SIGTERM");
  for (let waitedMs = 0; waitedMs < graceMs && !urgent?.aborted; waitedMs += 50) {
    if (findMarked(mark).length === 0) break;
    await sleep(50, urgent);
  }
  return await killMarked(mark);
}

/** Kills every process with that mark, and what those start meanwhile: how many were killed. */
export async function killMarked(mark: Mark): Promise<number> {
  const killed = new Set<number>();
  // Who may have it when it is to be seen. Whoever is about to become another program only later was started by none of
  // those, and where others start programs all the time somebody always is.
  let awaited: ReadonlySet<number> | undefined;
  // A process that forks while it is looked for can slip through one round; a fork storm may need several.
  for (let round = 0; round < roundsMax; round++) {
    const { found, unclear } = lookFor(mark);
    awaited = found.length > 0 ? undefined : (awaited?.intersection(unclear) ?? unclear);
    if (awaited?.size === 0) break;
    for (const { pid } of signalAll(found, mark, "SIGKILL")) killed.add(pid);
    await sleep(10);
  }
  return killed.size;
}

/** Resolves when none of the processes that `list` finds now is becoming another program any more; after some seconds at the latest. */
export async function untilBegun(list: () => readonly number[]): Promise<void> {
  if (process.platform !== "linux") return;
  let becoming = list();
  for (let round = 0; round < roundsMax; round++) {
    becoming = becoming.filter((pid) => environmentOf(pid) === undefined);
    if (becoming.length === 0) return;
    await sleep(10);
  }
}

// Whoever gets no processor takes that long to become another program, or to be gone.
const roundsMax = 500;

interface Search {
  found: ProcessIdentity[];
  /** Those who may have that mark, for all to be seen. */
  unclear: ReadonlySet<number>;
}

function lookFor(mark: Mark): Search {
  const found = (mark.programs ?? []).filter(isAlive);
  const unclear = new Set<number>();
  if (process.platform !== "linux") return { found, unclear };
  const known = new Set(found.map(({ pid }) => pid));
  for (const pid of idsIn("")) {
    if (pid === process.pid || known.has(pid)) continue;
    const isIts = isMarked(pid, mark);
    if (isIts === undefined) unclear.add(pid);
    if (isIts !== true) continue;
    const state = processState(pid);
    if (state !== undefined && state.state !== "Z") found.push({ pid, startTime: state.startTime });
  }
  return { found, unclear };
}

/** Those of `found` that the signal was sent to. */
function signalAll(
  found: readonly ProcessIdentity[],
  { programs = [] }: Mark,
  signal: "SIGTERM" | "SIGKILL",
): ProcessIdentity[] {
  return found.filter((identity) => {
    const send = programs.includes(identity) ? signalGroup : signalProcess;
    const sent = send(identity, signal);
    // A stopped process hears nothing until it is continued.
    if (signal === "SIGTERM") send(identity, "SIGCONT");
    return sent;
  });
}

/** Whether the process `pid` carries that mark in its environment; undefined while that cannot be seen, as it is just becoming another program. */
export function isMarked(pid: number, { run, agents, spares = [] }: Mark): boolean | undefined {
  const shown = environmentOf(pid);
  if (shown === undefined) return undefined;
  const environment = `\0${shown}`;
  const has = (name: string, value: string) => environment.includes(`\0${name}=${value}\0`);
  if (!has("SKEP_RUN", run)) return false;
  if (agents === undefined) return true;
  return (
    agents.some((name) => has("SKEP_AGENT", name)) || spares.some((mark) => has("SKEP_SPARE", mark))
  );
}

/**
 * The environment that the program of `pid` was given; undefined while it is being put into its place, for the kernel shows none then,
 * nor its words. That takes longest where processes start slowly, and whoever starts one goes on before it is over.
 */
function environmentOf(pid: number): string | undefined {
  try {
    const shown = readProc(`${pid}/environ`);
    if (shown !== "") return shown;
    if (existsSync(`/proc/${pid}/exe`)) {
      if (readProc(`${pid}/cmdline`) === "") return undefined;
      // It has begun just now; or it was given none.
      return readProc(`${pid}/environ`);
    }
  } catch {
    // Gone meanwhile, or another user's.
  }
  // A thread of the kernel, and what has ended, have no program at all.
  return environmentOfOthers(pid);
}

/** The environment of a process whose first thread has ended, and took its own view of it along; empty when there is no other thread. */
function environmentOfOthers(pid: number): string {
  for (const thread of threadsOf(pid)) {
    if (thread === pid) continue;
    try {
      return readProc(`${pid}/task/${thread}/environ`);
    } catch {
      // It has just ended.
    }
  }
  return "";
}
