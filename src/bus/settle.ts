// Settle: ack, nack and extend, each by showing the receipt of the latest claim.
import { SkepError, isSkepError } from "../core/errors.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";
import { keepsBack } from "./batch.ts";
import { finish, finishAll } from "./finish.ts";
import { type Held, backoffMs, giveBack, heldColumns } from "./give-back.ts";
import type { BusSettings, Draft, Sent } from "./message.ts";
import { wasGivenOut } from "./prune.ts";
import { formatReceipt, parseReceipt } from "./receipt.ts";
import { releaseReply } from "./release-reply.ts";
import { type Replied, type Reply, replyTx } from "./reply.ts";
import { sendTx } from "./send.ts";

export interface Acked {
  receipt: string;
  /** The message's id. */
  id: number;
  /** Present when this ack was accepted before; nothing was done now. */
  already?: true;
  reply?: Replied;
  sent?: Sent[];
}

/** What is committed with an ack, or not at all. */
export interface Answered {
  from: string | null;
  reply?: Reply | undefined;
  send?: Draft[] | undefined;
  /** Told, inside the transaction, when there is nobody to take the reply: it is acked without. Left out, that keeps the ack back. */
  onNobody?: ((error: SkepError) => void) | undefined;
}

/**
 * Acks the delivery of `receipt`, with its `reply` and what it `send`s. An accepted ack can be repeated. E_STALE when somebody
 * else has claimed it since or it has ended; E_FULL when a send finds no room, and E_NOT_FOUND when there is nobody to take
 * the reply or a message: then nothing is acked.
 */
export async function ackTx(
  tx: WriteTx,
  settings: BusSettings,
  receipt: string,
  { from, reply, send = [], onNobody }: Answered,
): Promise<Acked> {
  const finished = await finish(tx, receipt);
  if (finished === undefined) return { receipt, id: await ackedBefore(tx, receipt), already: true };
  const { messageId, owesReply } = finished;
  const acked: Acked = { receipt, id: messageId };
  const owed = owesReply === 1;
  if (reply !== undefined)
    try {
      acked.reply = await replyTx(tx, settings, { requestId: messageId, owed, from, reply });
    } catch (error) {
      if (onNobody === undefined || !isSkepError(error, "E_NOT_FOUND")) throw error;
      onNobody(error);
    }
  if (owed && acked.reply === undefined) await releaseReply(tx, messageId);
  if (send.length > 0) {
    acked.sent = [];
    for (const draft of send)
      try {
        acked.sent.push(await sendTx(tx, settings, from, draft));
      } catch (error) {
        throw isSkepError(error) ? keepsBack(error, send, acked.sent) : error;
      }
  }
  return acked;
}

/** Acks the deliveries of `receipts` without a reply, as `ackTx` does, in their order; none when there are none. What throws for one of them throws for all. */
export async function ackAllTx(tx: WriteTx, receipts: readonly string[]): Promise<Acked[]> {
  const finished = await finishAll(tx, receipts);
  const all: Acked[] = [];
  for (const receipt of receipts) {
    const one = finished.get(receipt);
    // The same receipt a second time finds that it was accepted before.
    finished.delete(receipt);
    if (one?.owesReply === 1) await releaseReply(tx, one.messageId);
    if (one === undefined) all.push({ receipt, id: await ackedBefore(tx, receipt), already: true });
    else all.push({ receipt, id: one.messageId });
  }
  return all;
}

/** Answers the delivery of `receipt` and leaves it claimed; a second answer goes as any other message. E_STALE as for an ack, otherwise what `replyTx` throws. */
export async function replyByReceiptTx(
  tx: WriteTx,
  settings: BusSettings,
  receipt: string,
  { from, reply }: { from: string | null; reply: Reply },
): Promise<Replied> {
  const held = await leased(tx, receipt);
  const owed = held.owesReply === 1;
  const replied = await replyTx(tx, settings, { requestId: held.messageId, owed, from, reply });
  await tx.run("update deliveries set owes_reply = 0 where id = $id", { id: held.id });
  return replied;
}

/**
 * Gives the delivery of `receipt` back: what it is now, `dead` when its attempts are used up, `expired` when nobody wants it any more. `delayMs` is how long it rests,
 * a backoff that grows with the attempts when left out. E_STALE as for an ack.
 */
export async function nackTx(
  tx: WriteTx,
  settings: BusSettings,
  receipt: string,
  { delayMs, reason = null }: { delayMs?: number | undefined; reason?: string | null | undefined },
): Promise<{ receipt: string; id: number; state: "ready" | "delayed" | "dead" | "expired" }> {
  const held = await leased(tx, receipt);
  const rest = delayMs ?? backoffMs(settings, held.attempt);
  const state = await giveBack(tx, settings, held, { ending: "nacked", reason, delayMs: rest });
  return { receipt, id: held.messageId, state };
}

/** Moves the end of the lease of `receipt` to `leaseMs` from now: when that is, by the wall clock. E_STALE as for an ack, and once a lease that ran out was taken back. */
export async function extendTx(
  tx: WriteTx,
  receipt: string,
  leaseMs: number,
): Promise<{ receipt: string; id: number; leaseUntil: number }> {
  const held = await leased(tx, receipt);
  await tx.run("update deliveries set lease_tick = $leaseTick where id = $id", {
    id: held.id,
    leaseTick: tx.tick + leaseMs,
  });
  return { receipt, id: held.messageId, leaseUntil: tx.now + leaseMs };
}

async function leased(
  tx: ReadTx,
  receipt: string,
): Promise<Held & { messageId: number; owesReply: number }> {
  const { deliveryId, epoch, nonce } = parseReceipt(receipt);
  const held = await tx.get<Held & { messageId: number; owesReply: number }>(
    `select ${heldColumns}, message_id as messageId, owes_reply as owesReply from deliveries
      where id = $deliveryId and epoch = $epoch and nonce = $nonce and state = 'leased'`,
    { deliveryId, epoch, nonce },
  );
  if (held === undefined) throw await stale(tx, receipt);
  return held;
}

async function ackedBefore(tx: ReadTx, receipt: string): Promise<number> {
  const { deliveryId, epoch, nonce } = parseReceipt(receipt);
  const row = await tx.get<{ id: number }>(
    `select message_id as id from history
      where delivery_id = $deliveryId and epoch = $epoch and nonce = $nonce and outcome = 'acked'`,
    { deliveryId, epoch, nonce },
  );
  if (row === undefined) throw await stale(tx, receipt);
  return row.id;
}

async function stale(tx: ReadTx, receipt: string): Promise<SkepError> {
  const { deliveryId: id, epoch, nonce } = parseReceipt(receipt);
  const now = await tx.get<{
    state: string;
    holder: string | null;
    epoch: number;
    nonce: number | null;
  }>(
    `select state, holder, epoch, nonce from deliveries where id = $id
     union all select outcome, holder, epoch, nonce from history where delivery_id = $id
     union all select 'dead', holder, epoch, null from dead_letters where delivery_id = $id`,
    { id },
  );
  const shown = formatReceipt({ deliveryId: id, epoch, nonce });
  if (now === undefined && (await wasGivenOut(tx, id)))
    return new SkepError("E_STALE", `receipt ${shown} is stale: its delivery ended too long ago`, {
      hint: "What ended is forgotten after bus.history_keep. If it is from another home, name that with --home.",
    });
  if (
    now === undefined ||
    epoch > now.epoch ||
    (epoch === now.epoch && now.nonce !== null && nonce !== now.nonce)
  )
    return new SkepError("E_STALE", `receipt ${shown} was not given out by this bus`, {
      hint: "Settle with the receipt that recv printed, in the home it came from (--home).",
    });
  const by = now.holder === null ? "" : ` by ${now.holder}`;
  const what =
    now.state === "leased"
      ? `claimed again${by}`
      : now.state === "acked"
        ? `acked${by}`
        : `${now.state} now`;
  return new SkepError("E_STALE", `receipt ${shown} is stale: its delivery is ${what}`, {
    hint: "Somebody else may do this work now: drop it, and claim again with skep recv.",
  });
}
