// Waiting for room in a full inbox: the sender's half of a bounded inbox.
import { isSkepError } from "../core/errors.ts";
import type { Bus } from "./bus.ts";
import { fallbackMs } from "./doorbell.ts";
import { hasRoom } from "./ledger.ts";
import { startWaiting, stopWaiting } from "./waiters.ts";

export interface RoomOptions {
  onFull: "wait" | "fail";
  /** How long to wait without a single message going through, in milliseconds. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** The waits of one sender, however many inboxes it meets full. */
export function waitForRoom(bus: Bus, { onFull, timeoutMs, signal }: RoomOptions) {
  const waitedFor = new Set<string>();
  let deadline = bus.clock.tick() + timeoutMs;
  let looks = 0;
  let last: string | undefined;

  return {
    /** Whether there is time left to wait for room. */
    mayWait: () => onFull === "wait" && !signal?.aborted && bus.clock.tick() < deadline,

    /** Starts the time anew: something went through. */
    progressed(): void {
      deadline = bus.clock.tick() + timeoutMs;
      looks = 0;
    },

    /** Resolves when `inbox` may have room for `bytes` more (0: for a reply), or the time is over; the caller has to try. */
    async next(inbox: string, bytes: number): Promise<void> {
      const address = await bus.doorbell.address();
      const heard = bus.doorbell.rings();
      const waiter = { ...bus.self, port: address?.port ?? null, nonce: address?.nonce ?? 0 };
      const roomNow = await bus.store.write(
        async (tx) => {
          if (await hasRoom(tx, bus.settings, inbox, bytes)) return true;
          await startWaiting(tx, inbox, "room", waiter);
          return false;
        },
        { signal },
      );
      if (roomNow) return;
      waitedFor.add(inbox);
      looks = inbox === last ? looks + 1 : 0;
      last = inbox;
      const leftMs = deadline - bus.clock.tick();
      await bus.doorbell.next(
        heard,
        Math.max(0, Math.min(leftMs, fallbackMs(address !== undefined, looks))),
        signal,
      );
    },

    /** Forgets the waits; to be called at the end, whatever the end. */
    async end(): Promise<void> {
      if (waitedFor.size === 0) return;
      try {
        await bus.store.write(async (tx) => {
          for (const inbox of waitedFor) await stopWaiting(tx, inbox, "room", bus.self.pid);
        });
      } catch (error) {
        // A row of a process that no longer waits is cleaned away by whoever rings it.
        if (!isSkepError(error, "E_BUSY")) throw error;
      }
    },
  };
}
