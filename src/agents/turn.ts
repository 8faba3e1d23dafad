// The turn to start a swarm that is left running: of several who would in the same moment one does, and the others find it up.
// Without it they would all write to one log, and each be told of what the others said there.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { elapsedMs } from "../core/clock.ts";
import { SkepError } from "../core/errors.ts";
import { fileFault } from "../store/faults.ts";
import { type WriterQueue, openWriterQueue } from "../store/writer-queue.ts";

// A run is open long before its agents are ready; whoever takes longer than that is stopped, or has little to run on.
const patienceMs = 60_000;

/** Waits for the turn of this process to start a swarm that writes to `logPath`: what gives it up, once or more often. After 60 s it goes on without one. E_BUSY when `signal` aborts meanwhile. */
export async function takeTurn(logPath: string, signal: AbortSignal): Promise<() => void> {
  const queue = openQueue(logPath);
  await queue.enter(elapsedMs() + patienceMs, signal);
  if (signal.aborted)
    throw new SkepError("E_BUSY", "nothing was started", {
      hint: "Another skep up was just starting a swarm here; skep status tells how far it is.",
    });
  let given = false;
  return () => {
    if (!given) queue.close();
    given = true;
  };
}

function openQueue(path: string): WriterQueue {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openWriterQueue(path);
  } catch (error) {
    throw fileFault(error, path);
  }
}
