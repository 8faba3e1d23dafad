// The queue of writers: an flock on `<home>/write.lock`, taken before `begin immediate`. The kernel queues
// those who wait and frees the lock of a dead process; SQLite alone would make them sleep and guess.
// It is a courtesy, never the truth: whoever cannot get it by the deadline goes on without.
import { closeSync, constants, openSync } from "node:fs";
import { LOCK_EX, LOCK_NB, LOCK_UN, libc } from "../core/libc.ts";

export interface WriterQueue {
  /** Whether there is a queue at all; without one `enter` answers false at once. */
  readonly queues: boolean;
  /** Waits until it is this process's turn, or until `stop` says so: whether it is. Timers and signals run meanwhile. */
  enter(stop: () => boolean): Promise<boolean>;
  /** Lets the next one in. Harmless when `enter` did not get in. */
  leave(): void;
  close(): void;
}

// How long one blocking wait may deafen the process. A shorter slice loses its place in the kernel's queue
// more often: 500 processes reach 6,254 messages/s with 250 ms and 1,974 with 50 ms (design, section 4).
const sliceMs = 250;

/** The queue behind the lock file at `path`, which is created when missing. */
export function openWriterQueue(path: string): WriterQueue {
  const c = libc();
  if (c === undefined) return noQueue;
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  return {
    queues: true,
    async enter(stop) {
      if (c.flock(fd, LOCK_EX | LOCK_NB) === 0) return true;
      while (!stop()) {
        if (c.flockWithin(fd, sliceMs)) return true;
        await eventLoopTurn();
      }
      return false;
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
