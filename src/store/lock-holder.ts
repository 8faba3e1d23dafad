// Who holds the write lock, for the error message of somebody who cannot have it.
import { readFileSync, statSync } from "node:fs";
import { processState } from "../core/identity.ts";

export interface LockHolder {
  pid: number;
  /** The command it runs, clipped; "?" when it may not be read. */
  command: string;
  /** Whether it is stopped (SIGSTOP, Ctrl-Z) and will not let go by itself. */
  stopped: boolean;
}

/**
 * The process that `/proc/locks` shows with a write lock on one of `paths`, or undefined when there is none to be
 * seen. Only `stat` touches the files: opening them would drop SQLite's own locks.
 */
export function findLockHolder(paths: string[]): LockHolder | undefined {
  try {
    const inodes = new Set(paths.map(inodeOf));
    for (const line of readFileSync("/proc/locks", "utf8").split("\n")) {
      const holder = holderIn(line, inodes);
      if (holder !== undefined && holder !== process.pid) return describe(holder);
    }
  } catch {
    // No /proc: the error will have to do without a name.
  }
  return undefined;
}

// "12: POSIX  ADVISORY  WRITE 4711 fe:00:262145 120 120"; a line with "->" is somebody who waits.
function holderIn(line: string, inodes: Set<string>): number | undefined {
  const [, kind, , mode, pid, file, first] = line.trim().split(/\s+/);
  if (mode !== "WRITE" || !inodes.has(file?.split(":")[2] ?? "")) return undefined;
  // In the -shm file byte 120 is SQLite's write lock; the others are readers' and checkpointers'.
  if (kind === "FLOCK" || first === "120") return Number(pid);
  return undefined;
}

function inodeOf(path: string): string {
  return String(statSync(path, { throwIfNoEntry: false })?.ino ?? "");
}

function describe(pid: number): LockHolder {
  let command = "?";
  try {
    command =
      readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim().slice(0, 60) || "?";
  } catch {
    // Another user's process: its number has to be enough.
  }
  return { pid, command, stopped: processState(pid)?.state === "T" };
}
