// Claim: take deliveries of one inbox under a lease.
import { randomNonce } from "../core/ids.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";
import { ring } from "./doorbell.ts";
import { move } from "./ledger.ts";
import type { BusSettings, Delivery } from "./message.ts";
import { readMessage } from "./read-message.ts";
import { formatReceipt } from "./receipt.ts";
import { sweep } from "./sweep.ts";
import { ringOne } from "./waiters.ts";

export interface Claim {
  inbox: string;
  /** Who claims; null when it does not say. */
  holder: string | null;
  /** How many deliveries at most. */
  max: number;
  leaseMs: number;
}

/** Claims up to `max` deliveries, most urgent first and in order of sending within a priority; none when none is ready. */
export async function claimTx(
  tx: WriteTx,
  settings: BusSettings,
  { inbox, holder, max, leaseMs }: Claim,
): Promise<Delivery[]> {
  await sweep(tx, settings, inbox);
  const limit = await claimable(tx, inbox, max);
  if (limit === 0) return [];
  const nonce = randomNonce();
  // `in ($inbox)` and not `= $inbox`: beside an `order by`, SQLite 3.54 plans the statement anew at each run when
  // a parameter stands alone beside `=` (3.8 µs against 0.3 for this lookup). So it is wherever a claim or send passes.
  const rows = await tx.all<ClaimedRow>(
    `update deliveries
        set state = 'leased', attempt = attempt + 1, epoch = epoch + 1, nonce = $nonce,
            holder = $holder, claimed_at = $now, lease_tick = $leaseTick
      where state = 'ready' and id in (
        select id from deliveries where inbox in ($inbox) and state = 'ready' order by priority desc, id limit $limit)
      returning id, message_id as messageId, priority, attempt, epoch`,
    { inbox, holder, nonce, limit, now: tx.now, leaseTick: tx.tick + leaseMs },
  );
  if (rows.length === 0) return [];
  const left = await move(tx, inbox, { ready: -rows.length, leased: rows.length });
  // Whoever was rung may take only some of what came: the rest is for another one who waits.
  if (left! > 0) await ringOne(tx, inbox, "mail", ring);
  // The order in which rows are returned is not promised.
  rows.sort((a, b) => b.priority - a.priority || a.id - b.id);
  const deliveries: Delivery[] = [];
  for (const row of rows) {
    const message = await readMessage(tx, row.messageId);
    const receipt = formatReceipt({ deliveryId: row.id, epoch: row.epoch, nonce });
    deliveries.push({
      ...message,
      to: inbox,
      attempt: row.attempt,
      receipt,
      leaseUntil: tx.now + leaseMs,
    });
  }
  return deliveries;
}

interface ClaimedRow {
  id: number;
  messageId: number;
  priority: number;
  attempt: number;
  epoch: number;
}

// A delivery whose holder died may be what killed it, so it is claimed without company: one bad message
// must not use up the attempts of those that were in flight beside it.
async function claimable(tx: ReadTx, inbox: string, max: number): Promise<number> {
  if (max === 1) return 1;
  const heads = await tx.all<{ alone: number }>(
    `select alone from deliveries where inbox in ($inbox) and state = 'ready' order by priority desc, id limit $max`,
    { inbox, max },
  );
  const firstAlone = heads.findIndex((head) => head.alone === 1);
  if (firstAlone === -1) return heads.length;
  return Math.max(1, firstAlone);
}
