// Writing down what has happened: a locked database or a full disk only puts it off, and there is space set aside for it.
import { jitter, sleep } from "../core/clock.ts";
import { isSkepError } from "../core/errors.ts";
import type { Store, WriteTx } from "../store/store.ts";

const pauseMs = 500;

/** Commits `work`, again and again while the database is locked or its disk full: what it answered. Throws that refusal once `signal` has aborted. */
export async function insist<T>(
  store: Pick<Store, "write">,
  work: (tx: WriteTx) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  for (;;) {
    try {
      return await store.write(work, { essential: true });
    } catch (error) {
      if (!isPassing(error) || signal?.aborted === true) throw error;
      await sleep(jitter(pauseMs, 0.5), signal);
    }
  }
}

/** A store that writes as `insist` does. */
export function insistent(store: Store, signal: AbortSignal): Store {
  return { ...store, write: (work) => insist(store, work, signal) };
}

/** Whether what was refused may well succeed later, as it stands. */
export function isPassing(error: unknown): boolean {
  return isSkepError(error, "E_BUSY", "E_DISK");
}
