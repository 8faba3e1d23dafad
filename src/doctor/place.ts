// Whether a home can lie where it is to lie: its file system, the room there, and how fast the disk answers.
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { elapsedMs } from "../core/clock.ts";
import { unsupportedFilesystem } from "../store/filesystem.ts";
import { typeByMount } from "../store/mounts.ts";
import { type Finding, fail, pass, warn } from "./finding.ts";

const GiB = 2 ** 30;

// A full inbox of the usual cap and the largest bodies is 1 GiB; below a tenth of that a busy day may fill the disk.
const roomWarnBytes = GiB;
const roomFailBytes = 64 * 2 ** 20;
const inodesWarn = 10_000;
const inodesFail = 100;

/** What lies under `directory`, which exists. */
export function checkFilesystem(directory: string): Finding {
  return judgeFilesystem(directory, unsupportedFilesystem(directory), typeOf(directory));
}

/** A directory on a file system of that `type`, which is `unfit` where it is one that keeps no locks. */
export function judgeFilesystem(
  directory: string,
  unfit: string | undefined,
  type: string,
): Finding {
  if (unfit !== undefined)
    return fail(
      "file system",
      `${directory} lies on ${unfit}, where SQLite's locks cannot be trusted`,
      "Name a home on a local disk with --home or SKEP_HOME; under WSL that is one below /home.",
    );
  if (type === "tmpfs" || type === "ramfs")
    return warn(
      "file system",
      `${directory} lies in memory (${type}): it is gone when the machine is`,
      "Name a home on a disk with --home, unless nothing is to outlive the machine.",
    );
  if (type === "overlay")
    return warn(
      "file system",
      `${directory} lies on overlay: it is gone with the container`,
      "Mount a volume and name a home there with --home.",
    );
  return pass("file system", `${directory} lies on ${type}`);
}

/** The room that is left on the disk of `directory`. */
export function checkRoom(directory: string): Finding[] {
  const { bsize, bavail, ffree, files } = statfsSync(directory);
  return [judgeRoom(bavail * bsize), judgeInodes(files === 0 ? null : ffree)];
}

/** So many bytes that are free. */
export function judgeRoom(bytes: number): Finding {
  const says = `${(bytes / GiB).toFixed(bytes < GiB ? 2 : 0)} GiB are free`;
  if (bytes < roomFailBytes)
    return fail("disk", says, "Make room: a swarm needs 64 MiB to begin with.");
  if (bytes < roomWarnBytes)
    return warn("disk", says, "Make room, or lower bus.inbox_cap and bus.history_keep.");
  return pass("disk", says);
}

/** So many files that can still be made; null where the file system does not count them. */
export function judgeInodes(free: number | null): Finding {
  if (free === null) return pass("inodes", "this file system makes as many as it needs");
  const says = `${free} are free`;
  const fix = "Remove files that nobody needs on this disk.";
  if (free < inodesFail) return fail("inodes", says, fix);
  return free < inodesWarn ? warn("inodes", says, fix) : pass("inodes", says);
}

const syncs = 10;

/** How long the disk takes to say that it has something, tried on a file in `directory`. */
export function checkDisk(directory: string): Finding {
  const file = openSync(join(directory, "sync"), "w", 0o600);
  const page = new Uint8Array(4_096);
  const times: number[] = [];
  try {
    for (let i = 0; i < syncs; i++) {
      const start = elapsedMs();
      writeSync(file, page);
      fsyncSync(file);
      times.push(elapsedMs() - start);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return fail(
      "disk sync",
      `a page cannot be written in ${directory} (${code})`,
      "Make room on the disk, or name a home on another one with --home or SKEP_HOME.",
    );
  } finally {
    closeSync(file);
  }
  return judgeSync(times.sort((a, b) => a - b)[syncs >> 1]!);
}

// A laptop's SSD takes 0.5 to 5 ms, a hard disk 10 to 20.
const syncWarnMs = 30;

/** A median of `ms` from writing a page to its lying on the disk. */
export function judgeSync(ms: number): Finding {
  const says = `the disk has a page after ${ms.toFixed(1)} ms`;
  if (ms < syncWarnMs) return pass("disk sync", says);
  return warn(
    "disk sync",
    says,
    "Sends with --durable, and a bus with durability = 'power', take as long each; put the home on a faster disk.",
  );
}

function typeOf(directory: string): string {
  try {
    const mounts = readFileSync("/proc/self/mountinfo", "utf8");
    return typeByMount(mounts, realpathSync(directory)) ?? "a local file system";
  } catch {
    return "a local file system";
  }
}
