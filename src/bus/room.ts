// Waiting until an inbox takes a message: the sender's half of a bounded inbox, and of rates.
import { sleep as pause } from "../core/clock.ts";
import { isSkepError } from "../core/errors.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";
import { type Pass, type TurnOf, giveUpTurns, judge, takeTurn } from "./admission.ts";
import { type Bus, lockGraceMs } from "./bus.ts";
import { type Address, fallbackMs, ring } from "./doorbell.ts";
import { heldBackMs, heldLevel } from "./held.ts";
import type { Load } from "./ledger.ts";
import type { Refused } from "./refusal.ts";
import { type Want, placeOf, ringOne, startWaiting, stopWaiting } from "./waiters.ts";

export interface RoomOptions {
  /** Who sends, and so whose rate counts. */
  from: string | null;
  onFull: "wait" | "fail";
  /** How long to wait without a single message going through, in milliseconds. */
  timeoutMs: number;
  /** Whether the write lock has to be had within that time too. */
  timeoutForLock?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** What a sender waits for in an inbox: its turn, or room, with its number in line. */
export type Wait = { inbox: string } & (
  { turnMs: number; turn: TurnOf | undefined } | { place: number }
);

/** The waits of one sender, however many inboxes it meets full. */
export function waitForRoom(
  bus: Bus,
  { from, onFull, timeoutMs, timeoutForLock, signal }: RoomOptions,
) {
  const places = new Map<string, number>();
  const pass: Pass = { who: bus.self, places, turns: new Map() };
  const waitedFor = new Map<string, Set<Want>>();
  let deadline = bus.clock.tick() + timeoutMs;
  let looks = 0;
  let last: string | undefined;
  let served = false;
  let left = false;
  let heard = 0;
  // How often this sender was held back, and how long it is to be before it tries again.
  let times = 0;
  let heldMs = 0;
  const leftMs = () => Math.max(0, deadline - bus.clock.tick());
  // Even when the time is over there is one try left.
  const lockOptions = () =>
    timeoutForLock === true ? { signal, timeoutMs: Math.max(leftMs(), lockGraceMs) } : { signal };

  /** Notes in the transaction that `refused` us what we wait for. With `takesTurns` a turn by a rate is ours; with `goesBack` we have no place in line any more. */
  async function note(
    tx: WriteTx,
    refused: Refused,
    address: Address | undefined,
    { takesTurns, goesBack }: { takesTurns: boolean; goesBack: boolean },
  ): Promise<Wait> {
    const { inbox, load, turn } = refused;
    const waiter = { ...bus.self, port: address?.port ?? null, nonce: address?.nonce ?? 0 };
    if (turn !== undefined) {
      await startWaiting(tx, inbox, "turn", waiter);
      const taken = takesTurns ? await takeTurn(tx, refused) : undefined;
      return { inbox, turnMs: turn.waitMs, turn: taken };
    }
    if (goesBack) await stopWaiting(tx, inbox, "room", bus.self);
    const wanted = { places: load.deliveries + load.slots, bytes: load.bytes };
    await startWaiting(tx, inbox, "room", { ...waiter, ...wanted });
    return { inbox, place: await placeOf(tx, inbox, "room", bus.self) };
  }

  /** How long to come to the line later than at once; 0 for whoever stands in it, or waits for a turn that a rate gives. */
  async function holdBack(tx: ReadTx, { inbox, turn }: Refused, goesBack: boolean) {
    const { holding } = bus;
    if (holding === undefined || turn !== undefined || (places.has(inbox) && !goesBack)) return 0;
    const level = await heldLevel(tx, holding, bus.clock.boot);
    if (level === 100) times = 0;
    const { pauseMaxMs } = holding;
    return heldBackMs({ level, times, leftMs: leftMs(), pauseMaxMs });
  }

  /** Waits for what `note` has noted, once that is committed. */
  async function sleep(wait: Wait): Promise<void> {
    const { inbox } = wait;
    const wants = "place" in wait ? "room" : "turn";
    waitedFor.set(inbox, (waitedFor.get(inbox) ?? new Set()).add(wants));
    if ("turnMs" in wait) {
      if (wait.turn !== undefined) pass.turns.set(wait.turn.key, wait.turn);
      return await sleepUntil(bus.clock.tick() + wait.turnMs);
    }
    places.set(inbox, wait.place);
    // Turns that are kept until there is room would all come at once.
    pass.turns.clear();
    served = false;
    looks = inbox === last ? looks + 1 : 0;
    last = inbox;
    const lookMs = fallbackMs(bus.doorbell.bound() !== undefined, looks);
    await bus.doorbell.next(heard, Math.min(leftMs(), lookMs), signal);
  }

  async function forget(tx: WriteTx, turns: Pass["turns"], isServed: boolean): Promise<void> {
    await giveUpTurns(tx, from, turns);
    for (const [inbox, wants] of waitedFor) {
      for (const want of wants) await stopWaiting(tx, inbox, want, bus.self);
      // Whoever leaves the line may have been told of room that is the next one's now.
      if (wants.has("room") && !isServed) await ringOne(tx, inbox, "room", ring);
    }
  }

  async function sleepUntil(tick: number): Promise<void> {
    for (let ms = 1; ms > 0 && bus.doorbell.rings() === heard && !signal?.aborted;) {
      // A timer may be early by a moment, and a turn that is not there yet is none.
      ms = Math.min(leftMs(), tick - bus.clock.tick());
      if (ms > 0) await bus.doorbell.next(heard, ms, signal);
    }
  }

  return {
    /** What we have to show for having waited, for one transaction; `used` is told when that is committed. */
    pass(): Pass {
      heard = bus.doorbell.rings();
      left = false;
      return { ...pass, turns: new Map(pass.turns) };
    },

    /** Notes after a transaction that was committed which turns are left. */
    used({ turns }: Pass): void {
      pass.turns = turns;
      if (!left) return;
      waitedFor.clear();
      places.clear();
    },

    /** How to wait for the write lock. */
    lockOptions,

    /** Whether there is time left to wait for room, and for the turn of what was `refused`. */
    mayWait(refused?: Refused): boolean {
      if (onFull !== "wait" || signal?.aborted || refused?.never === true) return false;
      return leftMs() > 0 && (refused?.turn?.waitMs ?? 0) <= leftMs();
    },

    /** Starts the time anew: something went through. */
    progressed(): void {
      deadline = bus.clock.tick() + timeoutMs;
      looks = 0;
      served = true;
    },

    /** Has us wait from the transaction on that `refused` us; undefined when that takes `next`, for we have no doorbell yet, or are held back. */
    async stand(tx: WriteTx, refused: Refused, sentSome: boolean): Promise<Wait | undefined> {
      const address = bus.doorbell.bound();
      if (address === undefined) return undefined;
      const goesBack = served || sentSome;
      heldMs = await holdBack(tx, refused, goesBack);
      if (heldMs > 0) return undefined;
      return await note(tx, refused, address, { takesTurns: true, goesBack });
    },

    sleep,

    /** Forgets the waits in the transaction that answers all that was to be sent. */
    async leave(tx: WriteTx, { turns }: Pass, sentSome: boolean): Promise<void> {
      if (waitedFor.size === 0) return;
      await forget(tx, turns, served || sentSome);
      left = true;
    },

    /** Resolves when `inbox` may take `load`, or the time is over; the caller has to try. Only who shows its pass there may take turns. */
    async next(inbox: string, load: Load, { takesTurns = false } = {}): Promise<void> {
      const address = await bus.doorbell.address();
      const entry = { inbox, load, from: takesTurns ? from : null, pass };
      const ask = async (tx: WriteTx) => {
        const judged = await judge(tx, bus.settings, entry);
        if (judged === "unknown" || !("why" in judged)) return "goes";
        if (judged.never || (judged.turn?.waitMs ?? 0) > leftMs()) return "never";
        heldMs = wasHeld ? 0 : await holdBack(tx, judged, served);
        if (heldMs > 0) return "held";
        // Whoever got something through goes to the end of the line, or a long batch would keep its head.
        return await note(tx, judged, address, { takesTurns, goesBack: served });
      };
      let wait: Awaited<ReturnType<typeof ask>> = "held";
      let wasHeld = false;
      while (wait === "held") {
        if (heldMs > 0) {
          times++;
          wasHeld = true;
          await pause(heldMs, signal);
        }
        heard = bus.doorbell.rings();
        wait = await bus.store.write(ask, lockOptions());
      }
      // There is no use in waiting, so the time is over.
      if (wait === "never") deadline = bus.clock.tick();
      if (typeof wait === "object") await sleep(wait);
    },

    /** Forgets the waits; to be called at the end, whatever the end. */
    async end(): Promise<void> {
      if (waitedFor.size === 0) return;
      try {
        await bus.store.write((tx) => forget(tx, pass.turns, served), { timeoutMs: 200 });
      } catch (error) {
        // The row of a process that no longer waits is cleaned away by whoever rings it; what was sent is sent.
        if (!isSkepError(error)) throw error;
      }
    },
  };
}
