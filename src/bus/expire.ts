// Expiry: what nobody wants any more leaves for the history, seen to by whoever claims, gives back, or finds no room, and by the turns of retention (overdue.ts).
import { idList } from "../store/id-list.ts";
import type { WriteTx } from "../store/store.ts";
import { ring } from "./doorbell.ts";
import { move } from "./ledger.ts";
import { releaseReply } from "./release-reply.ts";
import { ringUpTo } from "./waiters.ts";

/** How many deliveries `expireOverdue` ends at most. */
export const expireMax = 100;

/** Whether a delivery that expires at `expiresAt` is wanted no more; null is wanted for good. */
export function isOverdue(expiresAt: number | null, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}

/** Ends up to 100 deliveries of `inbox` that expired while they waited to be claimed, the longest expired first: how many there were. */
export async function expireOverdue(tx: WriteTx, inbox: string): Promise<number> {
  const overdue = await tx.all<Overdue>(
    `select ${overdueColumns} from deliveries
      where inbox in ($inbox) and expires_at <= $now and state in ('ready', 'delayed')
      order by expires_at limit ${expireMax}`,
    { inbox, now: tx.now },
  );
  await expireAll(tx, inbox, overdue);
  return overdue.length;
}

/** Ends the delivery `id` of `inbox`, whose claim is over. */
export async function expireOne(tx: WriteTx, inbox: string, id: number): Promise<void> {
  const rows = await tx.all<Overdue>(`select ${overdueColumns} from deliveries where id = $id`, {
    id,
  });
  await expireAll(tx, inbox, rows);
}

/** Ends the delivery `id`, wherever it lies, unless somebody has claimed it; a parked one when it is brought back. */
export async function withdraw(tx: WriteTx, id: number): Promise<void> {
  const row = await tx.get<Overdue & { inbox: string }>(
    `select ${overdueColumns}, inbox from deliveries where id = $id and state in ('ready', 'delayed')`,
    { id },
  );
  if (row !== undefined) await expireAll(tx, row.inbox, [row]);
  await tx.run("update deliveries set expires_at = $now where id = $id and state = 'parked'", {
    id,
    now: tx.now,
  });
}

interface Overdue {
  id: number;
  messageId: number;
  state: "ready" | "delayed" | "leased";
  bytes: number;
  owesReply: number;
}

const overdueColumns = "id, message_id as messageId, state, bytes, owes_reply as owesReply";

async function expireAll(tx: WriteTx, inbox: string, overdue: readonly Overdue[]): Promise<void> {
  if (overdue.length === 0) return;
  const { sql, value: ids } = idList(overdue.map(({ id }) => id));
  await tx.run(
    `insert into history (delivery_id, message_id, inbox, outcome, attempt, epoch, holder, claimed_at, ended_at)
     select id, message_id, inbox, 'expired', attempt, epoch, holder, claimed_at, $now
       from deliveries where id in (${sql})`,
    { ids, now: tx.now },
  );
  await tx.run(`delete from deliveries where id in (${sql})`, { ids });
  const count = (state: Overdue["state"]) => overdue.filter((one) => one.state === state).length;
  await move(tx, inbox, {
    ready: -count("ready"),
    delayed: -count("delayed"),
    leased: -count("leased"),
    expired: overdue.length,
    bytes: -overdue.reduce((sum, { bytes }) => sum + bytes, 0),
  });
  await ringUpTo(overdue.length, tx, inbox, "room", ring);
  for (const { messageId, owesReply } of overdue)
    if (owesReply === 1) await releaseReply(tx, messageId);
}
