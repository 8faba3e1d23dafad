// Trace: the life of one message, from every table that remembers a part of it.
import { SkepError } from "../core/errors.ts";
import type { ReadTx } from "../store/store.ts";
import { type Message, readMessage } from "./read-message.ts";

/** One step in a delivery's life; times in milliseconds since 1970. */
export interface Step {
  at: number;
  what:
    "sent" | "claimed" | "nacked" | "expired" | "died" | "returned" | "acked" | "dead" | "purged";
  /** Who held it; null when it did not say. */
  holder: string | null;
  epoch: number | null;
  reason: string | null;
}

export interface TracedDelivery {
  inbox: string;
  /** ready, delayed, leased, parked, acked, dead, expired or purged. */
  state: string;
  attempt: number;
  steps: Step[];
}

export interface Trace {
  message: Message;
  deliveries: TracedDelivery[];
  /** Ids of the messages that answer this one, or go on in its thread. */
  followedBy: number[];
}

/** What became of the message `id`. E_NOT_FOUND when there is none. */
export async function trace(tx: ReadTx, id: number): Promise<Trace> {
  const known = await tx.get<{ last: number }>(
    "select id + deliveries - 1 as last from messages where id = $id",
    { id },
  );
  if (known === undefined)
    throw new SkepError("E_NOT_FOUND", `there is no message ${id}`, {
      hint: "send prints the id of each message.",
    });
  const message = await readMessage(tx, id);
  const rows = await tx.all<DeliveryRow>(
    `select id, inbox, state, attempt, epoch, holder, claimed_at as claimedAt, null as endedAt, null as reason
       from deliveries where id between $id and $last
     union all
     select delivery_id, inbox, outcome, attempt, epoch, holder, claimed_at, ended_at, null
       from history where delivery_id between $id and $last
     union all
     select delivery_id, inbox, 'dead', attempt, epoch, holder, null, died_at, reason
       from dead_letters where delivery_id between $id and $last
     order by 1`,
    { id, last: known.last },
  );
  const deliveries: TracedDelivery[] = [];
  for (const row of rows) deliveries.push(await tracedDelivery(tx, message.sentAt, row));
  const thread = message.thread ?? String(id);
  const followers = await tx.all<{ id: number }>(
    "select id from messages where thread = $thread and id > $id order by id limit 100",
    { thread, id },
  );
  return { message, deliveries, followedBy: followers.map((follower) => follower.id) };
}

interface DeliveryRow {
  id: number;
  inbox: string;
  state: string;
  attempt: number;
  epoch: number;
  holder: string | null;
  claimedAt: number | null;
  endedAt: number | null;
  reason: string | null;
}

async function tracedDelivery(
  tx: ReadTx,
  sentAt: number,
  row: DeliveryRow,
): Promise<TracedDelivery> {
  const { inbox, state, attempt, epoch, holder, claimedAt, endedAt, reason } = row;
  const failed = await tx.all<{
    epoch: number;
    holder: string | null;
    claimedAt: number;
    endedAt: number;
    outcome: Step["what"];
    reason: string | null;
  }>(
    `select epoch, holder, claimed_at as claimedAt, ended_at as endedAt, outcome, reason
       from attempts where delivery_id = $id order by epoch`,
    { id: row.id },
  );
  const steps: Step[] = [{ at: sentAt, what: "sent", holder: null, epoch: null, reason: null }];
  for (const one of failed) {
    steps.push({
      at: one.claimedAt,
      what: "claimed",
      holder: one.holder,
      epoch: one.epoch,
      reason: null,
    });
    steps.push({
      at: one.endedAt,
      what: one.outcome,
      holder: one.holder,
      epoch: one.epoch,
      reason: one.reason,
    });
  }
  // The claim that is open, or that an ack ended, is in no table of failures.
  if (
    claimedAt !== null &&
    (state === "leased" || state === "acked") &&
    failed.at(-1)?.epoch !== epoch
  )
    steps.push({ at: claimedAt, what: "claimed", holder, epoch, reason: null });
  if (endedAt !== null)
    steps.push({ at: endedAt, what: state as Step["what"], holder, epoch, reason });
  return { inbox, state, attempt, steps };
}
