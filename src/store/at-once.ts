// A write holds the lock of the whole swarm, so nothing in it may wait for the world.
import { SkepError } from "../core/errors.ts";
import type { Ending } from "./session.ts";

/**
 * What `work`, done with `tx`, comes to; E_INTERNAL, and an end to `tx`, when it awaits more than statements.
 * Those resolve at once, so work that awaits nothing else settles before the event loop turns.
 */
export async function settledAtOnce<T>(work: Promise<T>, tx: Ending): Promise<T> {
  let timer: NodeJS.Immediate | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setImmediate(() => {
      tx.ended = true;
      reject(
        new SkepError(
          "E_INTERNAL",
          "a transaction awaited something other than its own statements",
        ),
      );
    });
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearImmediate(timer);
  }
}
