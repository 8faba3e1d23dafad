// Claim: take deliveries of one inbox under a lease.
import { randomNonce } from "../core/ids.ts";
import { idList } from "../store/id-list.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";
import { lookMaxMs, ring } from "./doorbell.ts";
import { expireOverdue, isOverdue } from "./expire.ts";
import { type Closed, whyClosedSql } from "./intake.ts";
import { move } from "./ledger.ts";
import type { BusSettings, Delivery } from "./message.ts";
import { nextTimes } from "./next-times.ts";
import { type Message, messageColumns } from "./read-message.ts";
import { formatReceipt } from "./receipt.ts";
import { sweep } from "./sweep.ts";
import { type Who, pauseWaiting, ringOne } from "./waiters.ts";

export interface Claim {
  inbox: string;
  /** Who claims; null when it does not say. */
  holder: string | null;
  /** How many deliveries at most. */
  max: number;
  leaseMs: number;
  /** Who claims, when its row says that it waits: it is awake now, and whoever is rung for what it leaves behind has to be another one. */
  awake?: Who | undefined;
}

/** What whoever claims from an inbox has to know of it first. */
export interface Standing {
  ready: number;
  /** How many deliveries are leased or delayed, and may have to be seen to. */
  held: number;
  /** Why the bus gives nothing out; null while it does. */
  closed: Closed | null;
}

/** How `inbox` stands; undefined when there is no such inbox. */
export async function standingOf(tx: ReadTx, inbox: string): Promise<Standing | undefined> {
  return await tx.get<Standing>(
    `select ready, leased + delayed as held,
            ${whyClosedSql} as closed
       from ledger where inbox = $inbox`,
    { inbox },
  );
}

/** Claims up to `max` deliveries, most urgent first and in order of sending within a priority; none when none is ready. `standing` is read when left out. */
export async function claimTx(
  tx: WriteTx,
  settings: BusSettings,
  { inbox, holder, max, leaseMs, awake }: Claim,
  standing?: Standing,
): Promise<Delivery[]> {
  const known = standing ?? (await standingOf(tx, inbox));
  const { ready, dueAt } = await readyIn(tx, settings, inbox, known);
  if (ready === 0) return [];
  let behind = ready;
  let first = await readHeads(tx, inbox, max);
  if (first.some(({ expiresAt }) => isOverdue(expiresAt, tx.now))) {
    await expireOverdue(tx, inbox);
    first = await readWantedHeads(tx, inbox, max);
    if (first.length === 0) return [];
    behind = (await standingOf(tx, inbox))!.ready;
  }
  const heads = uptoAlone(first);
  behind -= heads.length;
  const nonce = randomNonce();
  const { sql, value: ids } = idList(heads.map(({ deliveryId }) => deliveryId));
  await tx.run(
    `update deliveries
        set state = 'leased', attempt = attempt + 1, epoch = epoch + 1, nonce = $nonce,
            holder = $holder, claimed_at = $now, lease_tick = $leaseTick, due_at = null
      where id in (${sql})`,
    { ids, holder, nonce, now: tx.now, leaseTick: tx.tick + leaseMs },
  );
  await move(tx, inbox, { ready: -heads.length, leased: heads.length });
  // Whoever was rung may take only some of what came: the rest is for another one who waits. So is what is due
  // before that one looks by itself.
  if (awake !== undefined) await pauseWaiting(tx, inbox, "mail", awake);
  const dueSoon = dueAt !== null && dueAt - tx.now <= lookMaxMs;
  if (behind > 0 || dueSoon) await ringOne(tx, inbox, "mail", ring);
  return heads.map(({ deliveryId, epoch, alone: _, expiresAt: __, ...message }) => ({
    ...message,
    to: inbox,
    receipt: formatReceipt({ deliveryId, epoch, nonce }),
    leaseUntil: tx.now + leaseMs,
  }));
}

interface Head extends Message {
  deliveryId: number;
  attempt: number;
  epoch: number;
  alone: number;
  expiresAt: number | null;
}

/** How many are ready, and when the next one that its sender held back will be; null when none is. */
async function readyIn(
  tx: WriteTx,
  settings: BusSettings,
  inbox: string,
  standing: Standing | undefined,
): Promise<{ ready: number; dueAt: number | null }> {
  if (standing === undefined) return { ready: 0, dueAt: null };
  // The ledger's row mostly says that there is nothing to see to.
  if (standing.held === 0) return { ready: standing.ready, dueAt: null };
  const { swept, dueAt } = await sweep(tx, settings, inbox);
  if (!swept) return { ready: standing.ready, dueAt };
  return {
    ready: (await standingOf(tx, inbox))!.ready,
    dueAt: (await nextTimes(tx, inbox)).dueAt,
  };
}

/**
 * The first `max` that are ready, in order, with the numbers of the claim to come. SQLite 3.54 plans a statement anew at each run when
 * a parameter stands behind `limit`, or beside `=` where there is an `order by` (a claim takes 22 µs then, and 8 this
 * way): hence `0 + $max` and `in ($inbox)`, wherever a claim or a send passes.
 */
async function readHeads(tx: ReadTx, inbox: string, max: number): Promise<Head[]> {
  return await tx.all<Head>(`${headsSql} ${inOrder}`, { inbox, max });
}

/** As `readHeads`, past those that nobody wants any more, however many are left of them. */
async function readWantedHeads(tx: ReadTx, inbox: string, max: number): Promise<Head[]> {
  const wanted = "and (d.expires_at is null or d.expires_at > $now)";
  return await tx.all<Head>(`${headsSql} ${wanted} ${inOrder}`, { inbox, max, now: tx.now });
}

const headsSql = `select d.id as deliveryId, d.attempt + 1 as attempt, d.epoch + 1 as epoch, d.alone,
            d.expires_at as expiresAt, ${messageColumns}
       from deliveries d join messages m on m.id = d.message_id
      where d.inbox in ($inbox) and d.state = 'ready'`;

const inOrder = "order by d.priority desc, d.id limit 0 + $max";

// A delivery whose holder died may be what killed it, so it is claimed without company: one bad message
// must not use up the attempts of those that were in flight beside it.
function uptoAlone(heads: Head[]): Head[] {
  const firstAlone = heads.findIndex((head) => head.alone === 1);
  return firstAlone === -1 ? heads : heads.slice(0, Math.max(1, firstAlone));
}
