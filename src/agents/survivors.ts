// Processes that a run started, found by the mark that every one of them inherited in its environment.
import { readFileSync, readdirSync } from "node:fs";
import { sleep } from "../core/clock.ts";
import { type ProcessIdentity, processState } from "../core/identity.ts";
import { signalProcess } from "./process.ts";

/** Whose processes are meant: all of a run's, or those of one agent of it. */
export interface Mark {
  /** SKEP_RUN. */
  run: string;
  /** SKEP_AGENT; left out: everybody's. */
  agent?: string;
}

/** Every live process with that mark, but for this one; none where there is no `/proc`. */
export function findMarked(mark: Mark): ProcessIdentity[] {
  if (process.platform !== "linux") return [];
  const found: ProcessIdentity[] = [];
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid || !isMarked(pid, mark)) continue;
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
  const found = findMarked(mark);
  for (const identity of found) {
    signalProcess(identity, "SIGTERM");
    // A stopped process hears nothing until it is continued.
    signalProcess(identity, "SIGCONT");
  }
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
    for (const identity of found) if (signalProcess(identity, "SIGKILL")) killed.add(identity.pid);
    await sleep(10);
  }
  return killed.size;
}

function isMarked(pid: number, { run, agent }: Mark): boolean {
  try {
    const environment = `\0${readFileSync(`/proc/${pid}/environ`, "latin1")}`;
    const has = (name: string, value: string) => environment.includes(`\0${name}=${value}\0`);
    return has("SKEP_RUN", run) && (agent === undefined || has("SKEP_AGENT", agent));
  } catch {
    // Gone meanwhile, or another user's.
    return false;
  }
}
