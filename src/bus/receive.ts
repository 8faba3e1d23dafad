// Receive: claim from an inbox, or wait until there is something to claim.
import { isSkepError } from "../core/errors.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";
import { type Bus, lockGraceMs } from "./bus.ts";
import { type Claim, claimTx, standingOf } from "./claim.ts";
import { type Address, fallbackMs } from "./doorbell.ts";
import { draining, isDraining } from "./intake.ts";
import { createInbox } from "./ledger.ts";
import type { Delivery } from "./message.ts";
import { nextTicks } from "./sweep.ts";
import { startWaiting, stopWaiting } from "./waiters.ts";

export interface ReceiveOptions extends Claim {
  /** How long to wait for something to claim, in milliseconds; 0 looks once. */
  waitMs: number;
  signal?: AbortSignal | undefined;
  /** Done in the transaction of the first claim: settling the last batch, say. */
  before?: ((tx: WriteTx) => Promise<void>) | undefined;
  /** Keep our row among the waiters: we shall be back for more. */
  stay?: boolean | undefined;
}

/**
 * What was claimed; nothing when nothing came in time or `signal` aborted. An inbox that is not there is created. E_DRAINING
 * while the bus drains (`before` is committed all the same), E_BUSY, E_NOT_FOUND.
 */
export async function receive(bus: Bus, options: ReceiveOptions): Promise<Delivery[]> {
  const { inbox, waitMs, signal } = options;
  const deadline = bus.clock.tick() + waitMs;
  const leftMs = () => Math.max(0, deadline - bus.clock.tick());
  let { before } = options;
  let registered = false;
  let rung = false;
  try {
    for (;;) {
      const heard = bus.doorbell.rings();
      // A ring says what a look would tell, and what is to be settled needs the write lock anyway. Without a look
      // the version is not known either, and so the next glance at it leads to one.
      const looks = before === undefined && !rung;
      const version = looks ? await bus.store.version() : Number.NaN;
      const seen = looks ? await bus.store.read((tx) => look(tx, bus, inbox)) : undefined;
      // The socket is bound when there is nothing to do but wait, and not on the way to a message.
      const address =
        seen?.claimable === false && leftMs() > 0
          ? await bus.doorbell.address()
          : bus.doorbell.bound();
      const unheard = address !== undefined && seen?.waiting === false && leftMs() > 0;
      if (seen === undefined || seen.claimable || !seen.exists || unheard) {
        const claimed = await claimOrWait(bus, { ...options, before, rung }, address, leftMs());
        registered = address !== undefined && claimed.length === 0;
        if (claimed.length > 0) return claimed;
        before = undefined;
      }
      if (signal?.aborted || leftMs() === 0) return [];
      const untilTick = Math.min(deadline, bus.clock.tick() + (seen?.nextMs ?? waitMs));
      rung = await waitForNews(bus, { heard, version, untilTick, signal });
    }
  } finally {
    if (registered && options.stay !== true) await leave(bus, inbox);
  }
}

interface Quiet {
  /** How often the doorbell had been rung, and the version of the database, when there was nothing to claim. */
  heard: number;
  version: number;
  /** When there may be something without anybody's doing: a lease runs out, a delay is over, or so is our time. */
  untilTick: number;
  signal: AbortSignal | undefined;
}

/** Waits until a look may find something: whether it was a ring that said so. Between rings a glance at the version of the database is enough. */
async function waitForNews(
  { doorbell, store, clock }: Bus,
  { heard, version, untilTick, signal }: Quiet,
): Promise<boolean> {
  for (let looks = 0; ; looks++) {
    const leftMs = Math.max(0, untilTick - clock.tick());
    const lookMs = fallbackMs(doorbell.bound() !== undefined, looks);
    await doorbell.next(heard, Math.min(leftMs, lookMs), signal);
    if (doorbell.rings() > heard) return true;
    if (signal?.aborted || clock.tick() >= untilTick) return false;
    if ((await store.version()) !== version) return false;
  }
}

interface Seen {
  exists: boolean;
  /** Whether a claim would find or free something now. */
  claimable: boolean;
  /** Whether a sender would ring this process. */
  waiting: boolean;
  /** Until a lease runs out or a delivery is due. */
  nextMs: number | undefined;
}

async function look(tx: ReadTx, { self }: Bus, inbox: string): Promise<Seen> {
  const row = await tx.get<{ present: number; ready: number; waiting: number; draining: number }>(
    `select exists (select 1 from ledger where inbox = $inbox) as present,
            exists (select 1 from deliveries where inbox = $inbox and state = 'ready') as ready,
            exists (select 1 from waiters where pid = $pid and inbox = $inbox and wants = 'mail' and waiting = 1) as waiting,
            exists (select 1 from meta where key = 'drain_tick') as draining`,
    { inbox, pid: self.pid },
  );
  if (row!.draining === 1) throw draining();
  const { leaseTick, dueTick } = await nextTicks(tx, inbox);
  const next = Math.min(leaseTick ?? Number.POSITIVE_INFINITY, dueTick ?? Number.POSITIVE_INFINITY);
  return {
    exists: row!.present === 1,
    claimable: row!.ready === 1 || next <= tx.tick,
    waiting: row!.waiting === 1,
    nextMs: Number.isFinite(next) ? Math.max(1, next - tx.tick) : undefined,
  };
}

/** Claims, or notes in the same transaction that we wait: a send is either seen here or sees us. */
async function claimOrWait(
  bus: Bus,
  options: ReceiveOptions & { rung: boolean },
  address: Address | undefined,
  leftMs: number,
): Promise<Delivery[]> {
  const { inbox, waitMs, before, rung, signal } = options;
  const work = async (tx: WriteTx) => {
    await before?.(tx);
    const standing = await standingOf(tx, inbox);
    if (standing === undefined ? await isDraining(tx) : standing.draining === 1) return "draining";
    if (standing === undefined) await createInbox(tx, inbox);
    // Whoever rang us has noted that we are awake.
    const awake = address === undefined || rung ? undefined : bus.self.pid;
    const claimed = await claimTx(tx, bus.settings, { ...options, awake }, standing);
    if (address === undefined) return claimed;
    if (claimed.length === 0 && leftMs > 0)
      await startWaiting(tx, inbox, "mail", { ...bus.self, ...address });
    else if (options.stay !== true) await stopWaiting(tx, inbox, "mail", bus.self.pid);
    return claimed;
  };
  const timeoutMs = waitMs > 0 ? { timeoutMs: Math.max(leftMs, lockGraceMs) } : {};
  try {
    // Settling what was done is not given up because nothing more is wanted.
    const outcome = await bus.store.write(
      work,
      before === undefined ? { signal, ...timeoutMs } : {},
    );
    if (outcome === "draining") throw draining();
    return outcome;
  } catch (error) {
    // Told to stop while it stood in line for the lock: nothing was claimed, and nothing is wrong.
    if (before === undefined && signal?.aborted && isSkepError(error, "E_BUSY")) return [];
    throw error;
  }
}

async function leave(bus: Bus, inbox: string): Promise<void> {
  try {
    await bus.store.write((tx) => stopWaiting(tx, inbox, "mail", bus.self.pid), { timeoutMs: 200 });
  } catch (error) {
    // The row of a process that no longer waits is cleaned away by whoever rings it.
    if (!isSkepError(error)) throw error;
  }
}
