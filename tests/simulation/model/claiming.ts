// Claims and what becomes of them in the model.
import { parkOverdue } from "./holding.ts";
import { end, expireOverdue, giveBack, isOverdue, sweep } from "./endings.ts";
import { retainAfter } from "./retention.ts";
import { type ModelDraft, type Outcome, hasId, insert, isRefused, put } from "./sending.ts";
import {
  type Item,
  type Model,
  type Refusal,
  copyOf,
  createInbox,
  isClosed,
  lying,
} from "./state.ts";

export interface ModelClaim {
  inbox: string;
  holder: string;
  max: number;
  leaseMs: number;
  /** Whether an inbox that is not there is created. */
  create?: boolean;
}

/** Claims what comes first in `inbox`, or says why not. What cost its holder's life is claimed without company. */
export function claim(
  model: Model,
  { inbox, holder, max, leaseMs, create = true }: ModelClaim,
): Item[] | "E_DRAINING" {
  if (isClosed(model)) {
    parkOverdue(model);
    return "E_DRAINING";
  }
  const { state, clock } = model;
  if (create) createInbox(model, inbox);
  sweep(model, inbox);
  const urgency = ({ messageId }: Item) => state.messages.get(messageId)!.priority;
  const first = () =>
    lying(model, inbox, "ready")
      .toSorted((a, b) => urgency(b) - urgency(a) || a.id - b.id)
      .slice(0, max);
  if (first().some((item) => isOverdue(model, item))) expireOverdue(model, inbox);
  const heads = first();
  const alone = heads.findIndex((item) => item.alone);
  const claimed = alone === -1 ? heads : heads.slice(0, Math.max(1, alone));
  for (const item of claimed) {
    item.state = "leased";
    item.dueAt = null;
    item.attempt++;
    item.epoch++;
    item.holder = holder;
    item.leaseTick = clock.tick() + leaseMs;
  }
  return claimed;
}

/** Notes the receipts that were given out for `claimed`, and does what falls to a claimer besides. */
export function noteReceipts(model: Model, claimed: Item[], receipts: readonly string[]): void {
  for (const [index, item] of claimed.entries()) item.receipt = receipts[index] ?? null;
  for (const { id } of claimed) retainAfter(model, id, 1);
}

export interface Answer {
  body: string;
  from: string | null;
}

/** Acks, with an answer or without, and sends: the ids of what was sent, in order. */
export function ack(
  model: Model,
  receipt: string,
  { body, from, drafts }: { body?: string; from: string | null; drafts: readonly ModelDraft[] },
): number[] | "already" | Refusal {
  const item = byReceipt(model, receipt);
  if (item === undefined) return wasAcked(model, receipt) ? "already" : "E_STALE";
  const takesBack = body !== undefined || drafts.length > 0;
  const before = takesBack ? copyOf(model.state) : undefined;
  const { owed, messageId } = item;
  end(model, item, "acked");
  const sent: Outcome[] = [];
  if (body !== undefined) sent.push(answer(model, messageId, owed, { body, from }));
  for (const draft of drafts) sent.push(put(model, from, draft));
  for (const one of sent) {
    if (hasId(one)) continue;
    model.state = before!;
    return isRefused(one) ? one.code : (one as Refusal);
  }
  return sent.map((one) => (one as { id: number }).id);
}

/** Acks all of `receipts` or none. */
export function ackAll(
  model: Model,
  receipts: readonly string[],
): ("acked" | "already")[] | "E_STALE" {
  if (receipts.some((one) => byReceipt(model, one) === undefined && !wasAcked(model, one)))
    return "E_STALE";
  return receipts.map((one) =>
    ack(model, one, { from: null, drafts: [] }) === "already" ? "already" : "acked",
  );
}

/** Answers and goes on holding. */
export function reply(model: Model, receipt: string, given: Answer): number | Refusal {
  const item = held(model, receipt);
  if (item === undefined) return "E_STALE";
  const before = copyOf(model.state);
  const sent = answer(model, item.messageId, item.owed, given);
  if (hasId(sent)) {
    item.owed = false;
    return sent.id;
  }
  model.state = before;
  return isRefused(sent) ? sent.code : sent;
}

export function nack(
  model: Model,
  receipt: string,
  delayMs: number,
): "ready" | "delayed" | "dead" | "expired" | Refusal {
  const item = held(model, receipt);
  return item === undefined ? "E_STALE" : giveBack(model, item, "nacked", delayMs);
}

export function extend(model: Model, receipt: string, leaseMs: number): "extended" | Refusal {
  const item = held(model, receipt);
  if (item === undefined) return "E_STALE";
  item.leaseTick = model.clock.tick() + leaseMs;
  return "extended";
}

/** Prolongs what `holder` holds, unless it has it for longer. */
export function renew({ state, clock }: Model, holder: string, leaseMs: number): void {
  for (const item of state.items.values())
    if (item.state === "leased" && item.holder === holder)
      item.leaseTick = Math.max(item.leaseTick!, clock.tick() + leaseMs);
}

function answer(model: Model, messageId: number, owed: boolean, { body, from }: Answer): Outcome {
  const { state } = model;
  const message = state.messages.get(messageId)!;
  const asked = message.replyTo ?? message.from;
  if (asked === null) return "E_NOT_FOUND";
  const { priority } = message;
  const more = { body, priority, replyTo: null, delayMs: 0, ttlMs: null };
  if (owed) return { id: insert(model, from, more, [asked]) };
  if (message.replyTo !== null && state.inboxes.get(asked)?.temporary !== false)
    return "E_NOT_FOUND";
  return put(model, from, { ...more, to: asked, key: null });
}

function byReceipt({ state }: Model, receipt: string): Item | undefined {
  const item = state.items.get(Number.parseInt(receipt, 10));
  return item?.receipt === receipt ? item : undefined;
}

function held(model: Model, receipt: string): Item | undefined {
  const item = byReceipt(model, receipt);
  return item?.state === "leased" ? item : undefined;
}

function wasAcked({ state }: Model, receipt: string): boolean {
  return state.ended.get(Number.parseInt(receipt, 10))?.receipt === receipt;
}
