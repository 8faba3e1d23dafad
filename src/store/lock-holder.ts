// Who holds the write lock, or reads for long: for the error message of somebody who cannot go on because of it.
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
export function findLockHolder(paths: readonly string[]): LockHolder | undefined {
  return describe(pidsOn(paths, holdersIn)[0]);
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
          found.set(pid, describe(pid)!);
    }
  } catch {
    // No /proc: nobody is to be seen.
  }
  return [...found.values()];
}

/** As `findLockHolder`, for one that keeps the lock for some 100 ms; a write of skep's own takes 1. */
export async function findLastingHolder(paths: readonly string[]): Promise<LockHolder | undefined> {
  return describe(await lasting(() => pidsOn(paths, holdersIn)));
}

/** The other process that reads one state of the database at `path` for some 100 ms; a read of skep's own takes less than 1. */
export async function findLastingReader(path: string): Promise<LockHolder | undefined> {
  return describe(await lasting(() => pidsOn([`${path}-shm`], readersIn)));
}

// Whoever is seen at each of so many looks does not just do its work and go.
const looks = 4;

async function lasting(look: () => number[]): Promise<number | undefined> {
  let seen = look();
  for (let looked = 1; looked < looks && seen.length > 0; looked++) {
    await sleep(35);
    const now = look();
    seen = seen.filter((pid) => now.includes(pid));
  }
  return seen[0];
}

// The kernel hands the table out a page at a time and skips lines while others take and drop locks, so that one
// reading in a crowd may well miss the very line that matters.
const readings = 5;

/** The other processes with a lock, by the reckoning of `pidsOf`, on the first of `paths` on which anybody has one. */
function pidsOn(paths: readonly string[], pidsOf: typeof holdersIn): number[] {
  try {
    for (const path of paths) {
      const file = statSync(path, { throwIfNoEntry: false });
      for (let reading = 0; file !== undefined && reading < readings; reading++) {
        const pids = pidsOf(readFileSync("/proc/locks", "utf8"), file.ino);
        const others = pids.filter((pid) => pid !== process.pid && hasOpen(pid, file));
        if (others.length > 0) return others;
      }
    }
  } catch {
    // No /proc: the error will have to do without a name.
  }
  return [];
}

/** The processes that the text of `/proc/locks` shows with a write lock on a file of that inode number; empty when nobody has one. */
export function holdersIn(locks: string, inode: number): number[] {
  // In the -shm file byte 120 is SQLite's write lock; the others are readers' and checkpointers'.
  return pidsIn(
    locks,
    inode,
    ({ kind, mode, first }) => mode === "WRITE" && (kind === "FLOCK" || first === 120),
  );
}

/** Those that it shows reading a database whose -shm file has that inode number. */
export function readersIn(locks: string, inode: number): number[] {
  // Bytes 123 to 127 say how far a reader's view goes; 128 is held by whoever has the database open.
  return pidsIn(
    locks,
    inode,
    ({ kind, mode, first }) => kind === "POSIX" && mode === "READ" && first >= 123 && first <= 127,
  );
}

interface Lock {
  kind: string;
  mode: string;
  first: number;
}

function pidsIn(locks: string, inode: number, counts: (lock: Lock) => boolean): number[] {
  const pids: number[] = [];
  for (const line of locks.split("\n")) {
    // "12: POSIX  ADVISORY  WRITE 4711 fe:00:262145 120 120"; a line with "->" is somebody who waits.
    const [, kind = "", , mode = "", pid, file, first] = line.trim().split(/\s+/);
    if (file?.split(":")[2] !== String(inode)) continue;
    if (counts({ kind, mode, first: Number(first) })) pids.push(Number(pid));
  }
  return pids;
}

/** The processes that the text of `/proc/locks` shows with any lock on a file of that inode number. */
export function lockersIn(locks: string, inode: number): number[] {
  return pidsIn(locks, inode, () => true);
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

function describe(pid: number | undefined): LockHolder | undefined {
  if (pid === undefined) return undefined;
  let command = "?";
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split(/[\0\s]+/);
    command = words.join(" ").trim().slice(0, 60) || "?";
  } catch {
    // Another user's process: its number has to be enough.
  }
  return { pid, command, stopped: processState(pid)?.state === "T" };
}
