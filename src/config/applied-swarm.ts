// The swarm file as it was when it was last applied. A supervisor that is started again goes on with that: whoever
// edits the file meanwhile, or removes it, has not said yet that it is to hold. Such a file may hold secrets, so it is
// kept in no place that has a name: in a nameless file that is the guardian's, and gone when that is.
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomHex } from "../core/ids.ts";
import { type ReadingOptions, readSwarmFile } from "./swarm-file.ts";
import type { Swarm } from "./swarm.ts";

interface Applied {
  file: string;
  text: string;
}

/** Makes a place to keep it in for as long as this process lives: its path, for the processes of this user; undefined where there is no `/proc` to find it in, or no room. */
export function makeKeep(): string | undefined {
  if (!existsSync("/proc/self/fd")) return undefined;
  const memory = "/dev/shm";
  for (const directory of [memory, tmpdir()]) {
    const path = join(directory, `skep-applied-${randomHex(8)}`);
    try {
      const file = openSync(path, "wx+", 0o600);
      rmSync(path);
      return `/proc/${process.pid}/fd/${file}`;
    } catch {
      // There is another place to try; and without any it is read from its own place, as it is then.
    }
  }
  return undefined;
}

/** Keeps in `keep` what `swarm` was read from. Without a place, or when that is gone, nothing is kept. */
export function keepApplied(keep: string | undefined, { file, source }: Swarm): void {
  if (keep === undefined) return;
  const applied: Applied = { file, text: Buffer.from(source).toString("utf8") };
  try {
    writeFileSync(keep, JSON.stringify(applied));
  } catch {
    // Its guardian is gone, and so is who would have read it.
  }
}

/** The swarm of `file` as `keep` has it; undefined where nothing whole of it is kept. */
export async function readApplied(
  keep: string | undefined,
  file: string,
  options: ReadingOptions = {},
): Promise<Swarm | undefined> {
  if (keep === undefined) return undefined;
  let applied: Applied;
  try {
    applied = JSON.parse(readFileSync(keep, "utf8")) as Applied;
  } catch {
    return undefined;
  }
  if (applied.file !== file) return undefined;
  return await readSwarmFile(file, { ...options, source: Buffer.from(applied.text) });
}
