// Processes that a run started, found by the mark that every one of them inherited in its environment.
import { sleep } from "../core/clock.ts";
import { type ProcessIdentity, isAlive, processState } from "../core/identity.ts";
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

/** Every live process with that mark, but for this one; where there is no `/proc` only the known programs. */
export function findMarked(mark: Mark): ProcessIdentity[] {
  const found = (mark.programs ?? []).filter(isAlive);
  if (process.platform !== "linux") return found;
  const known = new Set(found.map(({ pid }) => pid));
  for (const pid of idsIn("")) {
    if (pid === process.pid || known.has(pid)) continue;
    if (!isMarked(pid, mark)) continue;
    const state = processState(pid);
    if (state !== undefined && state.state !== "Z") found.push({ pid, startTime: state.startTime });
  }
  return found;
}

/** Ends every process with that mark: SIGTERM and `graceMs`, then SIGKILL until none is left. How many had to be killed. */
export async function endMarked(
  mark: Mark,
  graceMs: number,
  urgent?: AbortSignal,
): Promise<number> {
  signalAll(findMarked(mark), mark, "SIGTERM");
  for (let waitedMs = 0; waitedMs < graceMs && !urgent?.aborted; waitedMs += 50) {
    if (findMarked(mark).length === 0) return 0;
    await sleep(50, urgent);
  }
  return await killMarked(mark);
}

/** Kills every process with that mark, and what those start meanwhile: how many were killed. */
export async function killMarked(mark: Mark): Promise<number> {
  const killed = new Set<number>();
  // A process that forks while it is looked for can slip through one round; a fork storm may need several.
  for (let round = 0; round < 50; round++) {
    const found = findMarked(mark);
    if (found.length === 0) break;
    for (const { pid } of signalAll(found, mark, "SIGKILL")) killed.add(pid);
    await sleep(10);
  }
  return killed.size;
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

/** Whether the process `pid` carries that mark in its environment. */
export function isMarked(pid: number, { run, agents, spares = [] }: Mark): boolean {
  try {
    const environment = `\0${readProc(`${pid}/environ`)}`;
    const has = (name: string, value: string) => environment.includes(`\0${name}=${value}\0`);
    if (!has("SKEP_RUN", run)) return false;
    if (agents === undefined) return true;
    return (
      agents.some((name) => has("SKEP_AGENT", name)) ||
      spares.some((mark) => has("SKEP_SPARE", mark))
    );
  } catch {
    // Gone meanwhile, or another user's.
    return false;
  }
}
