// A poor man's power cut: a copy of the database with the end of its log gone.
import { execFileSync } from "node:child_process";
import { closeSync, openSync, readFileSync, readSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../src/core/clock.ts";
import { runtimeDriver } from "../../src/store/runtime-driver.ts";
import { openStore } from "../../src/store/open.ts";
import type { Random } from "../proof/random.ts";
import { type State, readState } from "./state.ts";

const headerBytes = 32;
const frameHeaderBytes = 24;

/** What is left of the database in `home`, to which nobody writes, when `random` many of the newest frames of its log never reached the disk. */
export async function stateAfterCut(home: string, random: Random): Promise<State> {
  const copy = `${home}-cut`;
  // By another process: to read the files here would drop the locks that this one has on them.
  execFileSync("cp", ["-r", home, copy]);
  const log = join(copy, "bus.db-wal");
  const { copied, frames, pageBytes } = framesIn(copy);
  // What is in the database file already was on the disk before.
  const kept = random.whole(copied, frames);
  if (frames > 0) truncateSync(log, headerBytes + kept * (frameHeaderBytes + pageBytes));
  const clock = systemClock();
  const options = { durability: "process", busyTimeoutMs: 5_000 } as const;
  const store = await openStore({ home: copy, driver: runtimeDriver, clock, ...options });
  try {
    return await readState(store, false);
  } finally {
    await store.close();
  }
}

/** How many frames the log has, and how many of those are in the database file. */
function framesIn(home: string): { copied: number; frames: number; pageBytes: number } {
  const none = { copied: 0, frames: 0, pageBytes: 0 };
  let index: Buffer;
  try {
    index = readFileSync(join(home, "bus.db-shm"));
  } catch {
    return none;
  }
  // The index of the log: mxFrame is its fifth word, nBackfill the first one behind the two headers of 48 bytes.
  const header = Buffer.alloc(headerBytes);
  const fd = openSync(join(home, "bus.db-wal"), "r");
  readSync(fd, header, 0, headerBytes, 0);
  closeSync(fd);
  return {
    frames: index.readUInt32LE(16),
    copied: index.readUInt32LE(96),
    pageBytes: header.readUInt32BE(8),
  };
}
