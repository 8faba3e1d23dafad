// Receive: claim from an inbox, or wait until there is something to claim.
import { isSkepError } from "../core/errors.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";
import { type Bus, lockGraceMs } from "./bus.ts";
import { type Claim, claimTx, standingOf } from "./claim.ts";
import { type Address, fallbackMs } from "./doorbell.ts";
import { parkOverdue } from "./drain.ts";
import { type Closed, draining, whyClosed, whyClosedSql } from "./intake.ts";
import { createInbox } from "./ledger.ts";
import type { Delivery } from "./message.ts";
import { takeTurns, turnsAfterClaim } from "./retain.ts";
import { type NextTimes, nextTimes } from "./next-times.ts";
import { key, ofWho, startWaiting, stopWaiting } from "./waiters.ts";

export interface ReceiveOptions extends Claim {
  /** How long to wait for something to claim, in milliseconds; 0 looks once. */
  waitMs: number;
  signal?: AbortSignal | undefined;
  /** Done in the transaction of the first claim: settling the last batch, say. */
  before?: ((tx: WriteTx) => Promise<void>) | undefined;
  /** Whether anything may be claimed now; left out: it may. When not, it is as if nothing were there. */
  mayClaim?: ((tx: ReadTx) => Promise<boolean>) | undefined;
  /** Whether an inbox that is not there is created; left out: it is. Where it is not, nothing comes of it, and nobody waits for that. */
  create?: boolean | undefined;
  /** Keep our row among the waiters: we shall be back for more. */
  stay?: boolean | undefined;
}

/**
 * What was claimed; nothing when nothing came in time or `signal` aborted. An inbox that is not there is created, unless `create` says
 * otherwise. E_DRAINING while the bus drains (`before` is committed all the same), E_BUSY, E_NOT_FOUND.
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
      if (seen?.exists === false && options.create === false) return [];
      // The socket is bound when there is nothing to do but wait, and not on the way to a message.
      const address =
        seen?.claimable === false && leftMs() > 0
          ? await bus.doorbell.address()
          : bus.doorbell.bound();
      let next = seen?.next;
      const unheard = address !== undefined && seen?.waiting === false && leftMs() > 0;
      if (seen === undefined || seen.claimable || !seen.exists || unheard) {
        const found = await claimOrWait(bus, { ...options, before, rung }, address, leftMs());
        const { claimed } = found;
        next = found.next ?? next;
        registered = address !== undefined && claimed.length === 0;
        if (claimed.length > 0) {
          const turns = turnsAfterClaim(claimed);
          if (turns > 0) await takeTurns(bus, turns, options);
          return claimed;
        }
        before = undefined;
      }
      if (signal?.aborted || leftMs() === 0) return [];
      const untilTick = Math.min(
        deadline,
        next?.leaseTick ?? Number.POSITIVE_INFINITY,
        next?.dueTick ?? Number.POSITIVE_INFINITY,
      );
      const untilAt = next?.dueAt ?? Number.POSITIVE_INFINITY;
      rung = await waitForNews(bus, { heard, version, untilTick, untilAt, signal });
    }
  } catch (error) {
    if (isSkepError(error, "E_DRAINING")) await parkOverdue(bus);
    throw error;
  } finally {
    if (registered && options.stay !== true) await leave(bus, inbox);
  }
}

interface Quiet {
  /** How often the doorbell had been rung, and the version of the database, when there was nothing to claim. */
  heard: number;
  version: number;
  /** When there may be something without anybody's doing: a lease runs out, a rest is over, or so is our time. */
  untilTick: number;
  /** The same by the wall clock, which may be set meanwhile: a delay is over. */
  untilAt: number;
  signal: AbortSignal | undefined;
}

/** Waits until a look may find something: whether it was a ring that said so. Between rings a glance at the version of the database is enough. */
async function waitForNews(
  { doorbell, store, clock }: Bus,
  { heard, version, untilTick, untilAt, signal }: Quiet,
): Promise<boolean> {
  const leftMs = () => Math.max(0, Math.min(untilTick - clock.tick(), untilAt - clock.now()));
  for (let looks = 0; ; looks++) {
    const lookMs = fallbackMs(doorbell.bound() !== undefined, looks);
    await doorbell.next(heard, Math.min(leftMs(), lookMs), signal);
    if (doorbell.rings() > heard) return true;
    if (signal?.aborted || leftMs() === 0) return false;
    if ((await store.version()) !== version) return false;
  }
}

interface Seen {
  exists: boolean;
  /** Whether a claim would find or free something now. */
  claimable: boolean;
  /** Whether a sender would ring this process. */
  waiting: boolean;
  next: NextTimes;
}

async function look(tx: ReadTx, { self }: Bus, inbox: string): Promise<Seen> {
  const row = await tx.get<{
    present: number;
    ready: number;
    waiting: number;
    closed: Closed | null;
  }>(
    `select exists (select 1 from ledger where inbox = $inbox) as present,
            exists (select 1 from deliveries where inbox = $inbox and state = 'ready') as ready,
            exists (select 1 from waiters where ${ofWho} and inbox = $inbox and wants = 'mail' and waiting = 1) as waiting,
            ${whyClosedSql} as closed`,
    { inbox, ...key(self) },
  );
  if (row!.closed !== null) throw draining(row!.closed);
  const next = await nextTimes(tx, inbox);
  const { leaseTick, dueTick, dueAt } = next;
  const isThere = (time: number | null, now: number) => time !== null && time <= now;
  return {
    exists: row!.present === 1,
    claimable:
      row!.ready === 1 ||
      isThere(leaseTick, tx.tick) ||
      isThere(dueTick, tx.tick) ||
      isThere(dueAt, tx.now),
    waiting: row!.waiting === 1,
    next,
  };
}

interface Claimed {
  claimed: Delivery[];
  /** What to sleep until when nothing was claimed, where it is known. */
  next?: NextTimes;
}

const never: NextTimes = { leaseTick: null, dueTick: null, dueAt: null };

/** Claims, or notes in the same transaction that we wait: a send is either seen here or sees us. */
async function claimOrWait(
  bus: Bus,
  options: ReceiveOptions & { rung: boolean },
  address: Address | undefined,
  leftMs: number,
): Promise<Claimed> {
  const { inbox, waitMs, before, rung, signal } = options;
  const work = async (tx: WriteTx) => {
    await before?.(tx);
    const standing = await standingOf(tx, inbox);
    const closed = standing === undefined ? await whyClosed(tx) : standing.closed;
    if (closed !== null) return closed;
    if (standing === undefined && options.create === false) return { claimed: [] };
    if (standing === undefined) await createInbox(tx, inbox);
    // Whoever rang us has noted that we are awake.
    const awake = address === undefined || rung ? undefined : bus.self;
    // What settles stays in line for the lock also when it is told to stop.
    const goesOn = before === undefined || signal?.aborted !== true;
    const may = goesOn && (await options.mayClaim?.(tx)) !== false;
    const claimed = may ? await claimTx(tx, bus.settings, { ...options, awake }, standing) : [];
    if (address !== undefined) {
      if (claimed.length === 0 && leftMs > 0 && goesOn)
        await startWaiting(tx, inbox, "mail", { ...bus.self, ...address });
      else if (options.stay !== true) await stopWaiting(tx, inbox, "mail", bus.self);
    }
    // Whoever may take nothing is not to wake for what is due: it would find it there again and again.
    if (!may) return { claimed, next: never };
    if (address === undefined) return { claimed };
    // A ring may say no more than that something is due soon.
    if (claimed.length > 0 || !standing?.held) return { claimed };
    return { claimed, next: await nextTimes(tx, inbox) };
  };
  const timeoutMs = waitMs > 0 ? { timeoutMs: Math.max(leftMs, lockGraceMs) } : {};
  try {
    // Settling what was done is not given up because nothing more is wanted.
    const outcome = await bus.store.write(
      work,
      before === undefined ? { signal, ...timeoutMs } : { essential: true },
    );
    if (typeof outcome === "string") throw draining(outcome);
    return outcome;
  } catch (error) {
    // Told to stop while it stood in line for the lock: nothing was claimed, and nothing is wrong.
    if (before === undefined && signal?.aborted && isSkepError(error, "E_BUSY"))
      return { claimed: [] };
    throw error;
  }
}

async function leave(bus: Bus, inbox: string): Promise<void> {
  try {
    await bus.store.write((tx) => stopWaiting(tx, inbox, "mail", bus.self), { timeoutMs: 200 });
  } catch (error) {
    // The row of a process that no longer waits is cleaned away by whoever rings it.
    if (!isSkepError(error)) throw error;
  }
}
