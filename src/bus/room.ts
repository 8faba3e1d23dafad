// Waiting for room in a full inbox: the sender's half of a bounded inbox.
import { isSkepError } from "../core/errors.ts";
import type { WriteTx } from "../store/store.ts";
import { type Bus, lockGraceMs } from "./bus.ts";
import { fallbackMs } from "./doorbell.ts";
import { type Load, hasRoom } from "./ledger.ts";
import { startWaiting, stopWaiting } from "./waiters.ts";

export interface RoomOptions {
  onFull: "wait" | "fail";
  /** How long to wait without a single message going through, in milliseconds. */
  timeoutMs: number;
  /** Whether the write lock has to be had within that time too. */
  timeoutForLock?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** The waits of one sender, however many inboxes it meets full. */
export function waitForRoom(bus: Bus, { onFull, timeoutMs, timeoutForLock, signal }: RoomOptions) {
  const waitedFor = new Set<string>();
  let deadline = bus.clock.tick() + timeoutMs;
  let looks = 0;
  let last: string | undefined;
  let served = false;
  const leftMs = () => Math.max(0, deadline - bus.clock.tick());
  // Even when the time is over there is one try left.
  const lockOptions = () =>
    timeoutForLock === true ? { signal, timeoutMs: Math.max(leftMs(), lockGraceMs) } : { signal };

  return {
    /** How to wait for the write lock. */
    lockOptions,

    /** Whether there is time left to wait for room. */
    mayWait: () => onFull === "wait" && !signal?.aborted && leftMs() > 0,

    /** Starts the time anew: something went through. */
    progressed(): void {
      deadline = bus.clock.tick() + timeoutMs;
      looks = 0;
      served = true;
    },

    /** Resolves when `inbox` may have room for `load`, or the time is over; the caller has to try. */
    async next(inbox: string, load: Load): Promise<void> {
      const address = await bus.doorbell.address();
      const heard = bus.doorbell.rings();
      const waiter = { ...bus.self, port: address?.port ?? null, nonce: address?.nonce ?? 0 };
      const roomNow = await bus.store.write(async (tx) => {
        if (await hasRoom(tx, bus.settings, inbox, load)) return true;
        // Whoever got something through goes to the end of the line, or a long batch would keep its head.
        if (served) await stopWaiting(tx, inbox, "room", bus.self.pid);
        await startWaiting(tx, inbox, "room", waiter);
        return false;
      }, lockOptions());
      if (roomNow) return;
      waitedFor.add(inbox);
      served = false;
      looks = inbox === last ? looks + 1 : 0;
      last = inbox;
      const lookMs = fallbackMs(address !== undefined, looks);
      await bus.doorbell.next(heard, Math.min(leftMs(), lookMs), signal);
    },

    /** Forgets the waits; to be called at the end, whatever the end. */
    async end(): Promise<void> {
      if (waitedFor.size === 0) return;
      try {
        const forget = async (tx: WriteTx) => {
          for (const inbox of waitedFor) await stopWaiting(tx, inbox, "room", bus.self.pid);
        };
        await bus.store.write(forget, { timeoutMs: 200 });
      } catch (error) {
        // The row of a process that no longer waits is cleaned away by whoever rings it; what was sent is sent.
        if (!isSkepError(error)) throw error;
      }
    },
  };
}
