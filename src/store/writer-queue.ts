// The queue of writers: an flock on `<home>/write.lock`, taken before `begin immediate`. The kernel queues
// those who wait and frees the lock of a dead process; SQLite alone would make them sleep and guess.
// It is a courtesy, never the truth: whoever cannot get it by the deadline goes on without.
import { closeSync, constants, openSync } from "node:fs";
import { elapsedMs } from "../core/clock.ts";
import { LOCK_EX, LOCK_NB, LOCK_UN, libc } from "../core/libc.ts";

export interface WriterQueue {
  /** Whether there is a queue at all; without one `enter` answers false at once. */
  readonly queues: boolean;
  /**
   * Waits until it is this process's turn, but not beyond `deadline` (as `elapsedMs` counts) and not once `signal` has aborted:
   * whether it is. A signal is heard at once meanwhile, timers and sockets within a second.
   */
  enter(deadline: number, signal?: AbortSignal): Promise<boolean>;
  /** Lets the next one in. Harmless when `enter` did not get in. */
  leave(): void;
  close(): void;
}

// How long one blocking wait may deafen the process to all but signals. The kernel has each waiter stand behind
// the one before, and when one gives up, all behind it wake up in turn to find a new place: with 500 that wait,
// the first broadcast takes 3.4 s in slices of 250 ms and 1.7 s in slices of 1 s.
const sliceMs = 1_000;

/** The queue behind the lock file at `path`, which is created when missing. */
export function openWriterQueue(path: string): WriterQueue {
  const c = libc();
  if (c === undefined) return noQueue;
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  return {
    queues: true,
    async enter(deadline, signal) {
      if (c.flock(fd, LOCK_EX | LOCK_NB) === 0) return true;
      for (;;) {
        const leftMs = deadline - elapsedMs();
        if (leftMs <= 0 || signal?.aborted) return false;
        if (c.flockWithin(fd, Math.min(sliceMs, Math.ceil(leftMs)))) return true;
        await eventLoopTurn();
      }
    },
    leave: () => void c.flock(fd, LOCK_UN),
    close: () => closeSync(fd),
  };
}

const noQueue: WriterQueue = {
  queues: false,
  enter: async () => false,
  leave: () => {},
  close: () => {},
};

// A timer and not setImmediate: due timers and signal handlers have to have run when it resolves.
function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
