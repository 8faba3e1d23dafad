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

/** Ends the delivery of `receipt`: what it was; undefined when the receipt is not of the latest claim. E_USAGE for what is no receipt. */
export async function finish(tx: WriteTx, receipt: string): Promise<Finished | undefined> {
  const { deliveryId, epoch, nonce } = parseReceipt(receipt);
  const row = await tx.get<
    Finished & { attempt: number; holder: string | null; claimedAt: number }
  >(
    `delete from deliveries where id = $deliveryId and epoch = $epoch and nonce = $nonce
     returning id, message_id as messageId, inbox, state, attempt, bytes, holder, claimed_at as claimedAt, owes_reply as owesReply`,
    { deliveryId, epoch, nonce },
  );
  if (row === undefined) return undefined;
  const { messageId, inbox, state, attempt, bytes, holder, claimedAt } = row;
  await tx.run(
    `insert into history (delivery_id, message_id, inbox, outcome, attempt, epoch, nonce, holder, claimed_at, ended_at)
     values ($deliveryId, $messageId, $inbox, 'acked', $attempt, $epoch, $nonce, $holder, $claimedAt, $now)`,
    { deliveryId, messageId, inbox, attempt, epoch, nonce, holder, claimedAt, now: tx.now },
  );
  await account(tx, inbox, { [state]: -1, acked: 1, bytes: -bytes });
  return row;
}

/** As `finish` for each of `receipts`, at half the cost: what ended, by receipt. */
export async function finishAll(
  tx: WriteTx,
  receipts: readonly string[],
): Promise<Map<string, Finished>> {
  const shown = receipts.map((receipt) => ({
    receipt,
    ...parseReceipt(receipt),
  }));
  const asked = idList(shown.map(({ deliveryId }) => deliveryId));
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
  const ended = [...finished.values()];
  const { sql, value: ids } = idList(ended.map(({ id }) => id));
  await tx.run(
    `insert into history (delivery_id, message_id, inbox, outcome, attempt, epoch, nonce, holder, claimed_at, ended_at)
     select id, message_id, inbox, 'acked', attempt, epoch, nonce, holder, claimed_at, $now
       from deliveries where id in (${sql})`,
    { ids, now: tx.now },
  );
  await tx.run(`delete from deliveries where id in (${sql})`, { ids });
  for (const [inbox, movement] of movements(ended)) await account(tx, inbox, movement);
  return finished;
}

type Ends = Movement & { acked: number; bytes: number };

/** What the ends of `finished` come to, by inbox. */
function movements(finished: readonly Finished[]): Map<string, Ends> {
  const byInbox = new Map<string, Ends>();
  for (const { inbox, state, bytes } of finished) {
    const ends = byInbox.get(inbox) ?? { acked: 0, bytes: 0 };
    byInbox.set(inbox, ends);
    ends[state] = (ends[state] ?? 0) - 1;
    ends.acked += 1;
    ends.bytes -= bytes;
  }
  return byInbox;
}

async function account(tx: WriteTx, inbox: string, ends: Ends): Promise<void> {
  await move(tx, inbox, ends);
  await ringUpTo(ends.acked, tx, inbox, "room", ring);
}
