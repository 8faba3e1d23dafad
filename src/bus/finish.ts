// Finish: acked deliveries leave for the history, however many at a time.
import { idList } from "../store/id-list.ts";
import type { WriteTx } from "../store/store.ts";
import { ring } from "./doorbell.ts";
import { type Movement, move } from "./ledger.ts";
import { parseReceipt } from "./receipt.ts";
import { ringUpTo } from "./waiters.ts";

/** What a delivery was when its ack was accepted. */
export interface Finished {
  id: number;
  messageId: number;
  inbox: string;
  state: "ready" | "delayed" | "leased" | "parked";
  bytes: number;
  owesReply: number;
}

/** Ends the deliveries of those `receipts` that are of the latest claim, by receipt; whatever a receipt that is missing in the answer is good for, it ended nothing. E_USAGE for what is no receipt. */
export async function finish(
  tx: WriteTx,
  receipts: readonly string[],
): Promise<Map<string, Finished>> {
  const shown = receipts.map((receipt) => ({ receipt, ...parseReceipt(receipt) }));
  const asked = idList(
    "$ids",
    shown.map(({ deliveryId }) => deliveryId),
  );
  const rows = await tx.all<Finished & { epoch: number; nonce: number | null }>(
    `select id, message_id as messageId, inbox, state, epoch, nonce, bytes, owes_reply as owesReply
       from deliveries where id in (${asked.sql})`,
    { ids: asked.value },
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  const finished = new Map<string, Finished>();
  for (const { receipt, deliveryId, epoch, nonce } of shown) {
    const row = byId.get(deliveryId);
    if (row?.epoch === epoch && row.nonce === nonce) finished.set(receipt, row);
  }
  if (finished.size > 0) await leave(tx, [...finished.values()]);
  return finished;
}

async function leave(tx: WriteTx, finished: readonly Finished[]): Promise<void> {
  const ended = idList(
    "$ids",
    finished.map(({ id }) => id),
  );
  await tx.run(
    `insert into history (delivery_id, message_id, inbox, outcome, attempt, epoch, nonce, holder, claimed_at, ended_at)
     select id, message_id, inbox, 'acked', attempt, epoch, nonce, holder, claimed_at, $now
       from deliveries where id in (${ended.sql})`,
    { ids: ended.value, now: tx.now },
  );
  await tx.run(`delete from deliveries where id in (${ended.sql})`, { ids: ended.value });
  for (const [inbox, movement] of movements(finished)) {
    await move(tx, inbox, movement);
    await ringUpTo(movement.acked, tx, inbox, "room", ring);
  }
}

/** What the ends come to in the ledger, by inbox. */
function movements(finished: readonly Finished[]) {
  const byInbox = new Map<string, Movement & { acked: number; bytes: number }>();
  for (const { inbox, state, bytes } of finished) {
    const movement = byInbox.get(inbox) ?? { acked: 0, bytes: 0 };
    byInbox.set(inbox, movement);
    movement[state] = (movement[state] ?? 0) - 1;
    movement.acked += 1;
    movement.bytes -= bytes;
  }
  return byInbox;
}
