// Who holds the write lock, for the error message of somebody who cannot have it.
import { type Stats, readFileSync, readdirSync, statSync } from "node:fs";
import { sleep } from "../core/clock.ts";
import { processState } from "../core/identity.ts";

export interface LockHolder {
  pid: number;
  /** The command it runs, clipped; "?" when it may not be read. */
  command: string;
  /** Whether it is stopped (SIGSTOP, Ctrl-Z) and will not let go by itself. */
  stopped: boolean;
}

/**
 * The other process that `/proc/locks` shows with a write lock on the first of `paths` that anybody holds, or
 * undefined when there is none to be seen. Only `stat` touches the files: opening them would drop SQLite's own locks.
 */
export function findLockHolder(paths: string[]): LockHolder | undefined {
  try {
    for (const path of paths) {
      const file = statSync(path, { throwIfNoEntry: false });
      const pid = file === undefined ? undefined : holderOf(file);
      if (pid !== undefined) return describe(pid);
    }
  } catch {
    // No /proc: the error will have to do without a name.
  }
  return undefined;
}

/** Every other process that `/proc/locks` shows with a lock of any kind on one of `paths`: whoever has the database open. Empty where there is no `/proc`. */
export function findLockers(paths: readonly string[]): LockHolder[] {
  const found = new Map<number, LockHolder>();
  try {
    for (const path of paths) {
      const file = statSync(path, { throwIfNoEntry: false });
      if (file === undefined) continue;
      for (const pid of lockersIn(readFileSync("/proc/locks", "utf8"), file.ino))
        if (pid !== process.pid && !found.has(pid) && hasOpen(pid, file))
          found.set(pid, describe(pid));
    }
  } catch {
    // No /proc: nobody is to be seen.
  }
  return [...found.values()];
}

// Whoever is seen at each of so many looks does not just write and go.
const looks = 4;

/** As `findLockHolder`, for one that keeps the lock for some 100 ms; a write of skep's own takes 1. */
export async function findLastingHolder(paths: string[]): Promise<LockHolder | undefined> {
  const first = findLockHolder(paths);
  for (let look = 1; look < looks && first !== undefined; look++) {
    await sleep(35);
    if (findLockHolder(paths)?.pid !== first.pid) return undefined;
  }
  return first;
}

// The kernel hands the table out a page at a time and skips lines while others take and drop locks, so that one
// reading in a crowd may well miss the very line that matters.
const readings = 5;

function holderOf(file: Stats): number | undefined {
  for (let reading = 0; reading < readings; reading++) {
    const holders = holdersIn(readFileSync("/proc/locks", "utf8"), file.ino);
    const pid = holders.find((it) => it !== process.pid && hasOpen(it, file));
    if (pid !== undefined) return pid;
  }
  return undefined;
}

/** The processes that the text of `/proc/locks` shows with a write lock on a file of that inode number; empty when nobody has one. */
export function holdersIn(locks: string, inode: number): number[] {
  const holders: number[] = [];
  for (const line of locks.split("\n")) {
    // "12: POSIX  ADVISORY  WRITE 4711 fe:00:262145 120 120"; a line with "->" is somebody who waits.
    const [, kind, , mode, pid, file, first] = line.trim().split(/\s+/);
    if (mode !== "WRITE" || file?.split(":")[2] !== String(inode)) continue;
    // In the -shm file byte 120 is SQLite's write lock; the others are readers' and checkpointers'.
    if (kind === "FLOCK" || first === "120") holders.push(Number(pid));
  }
  return holders;
}

/** The processes that the text of `/proc/locks` shows with any lock on a file of that inode number. */
export function lockersIn(locks: string, inode: number): number[] {
  const lines = locks.split("\n").map((line) => line.trim().split(/\s+/));
  // Of somebody who waits an arrow stands before the kind, and what follows is one place further on.
  const held = lines.filter(([, , , , , file]) => file?.split(":")[2] === String(inode));
  return held.map(([, , , , pid]) => Number(pid)).filter((pid) => pid > 0);
}

// An inode number names a file within one file system only, and the device that `/proc/locks` shows is not the one
// that `stat` shows everywhere (btrfs, overlay). To blame a stranger would be worse than to blame nobody.
function hasOpen(pid: number, file: Stats): boolean {
  let open: string[];
  try {
    open = readdirSync(`/proc/${pid}/fd`);
  } catch (error) {
    // Another user's process: its lock on that inode has to be enough.
    return (error as NodeJS.ErrnoException).code === "EACCES";
  }
  return open.some((fd) => {
    const it = statSync(`/proc/${pid}/fd/${fd}`, { throwIfNoEntry: false });
    return it?.ino === file.ino && it.dev === file.dev;
  });
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
