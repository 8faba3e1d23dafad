// Trace: the life of one message, from every table that remembers a part of it.
import { SkepError } from "../core/errors.ts";
import type { ReadTx } from "../store/store.ts";
import { wasGivenOut } from "./prune.ts";
import { type Message, readMessage } from "./read-message.ts";

/** One step in a delivery's life; times in milliseconds since 1970. */
export interface Step {
  at: number;
  what:
    | "sent"
    | "claimed"
    | "nacked"
    | "expired"
    | "died"
    | "returned"
    | "acked"
    | "dead"
    | "retried"
    | "moved"
    | "purged";
  /** Who held it, or who did it; null when it did not say. */
  holder: string | null;
  epoch: number | null;
  reason: string | null;
}

export interface TracedDelivery {
  id: number;
  inbox: string;
  /** ready, delayed, leased, parked, acked, dead, expired or purged. */
  state: string;
  attempt: number;
  /** Milliseconds until its lease runs out or it is due, negative once that is past; null where it waits for neither. */
  untilMs: number | null;
  /** Milliseconds until nobody wants it any more, negative once that is past; null when it keeps, or has ended. */
  expiresInMs: number | null;
  steps: Step[];
}

/** A message that answers another one, or goes on in its thread. */
export type Follower = Pick<Message, "id" | "from" | "type" | "sentAt" | "body"> & { to: string };

export interface Trace {
  message: Message;
  /** What it was published on; null when it was sent. */
  topic: string | null;
  deliveries: TracedDelivery[];
  /** The first 100 that answer this one, or go on in its thread. */
  followedBy: Follower[];
}

/** What became of the message `id`, or of the message whose delivery that is. E_NOT_FOUND when there is none. */
export async function trace(tx: ReadTx, id: number): Promise<Trace> {
  const known = await tx.get<{ first: number; last: number; topic: string | null }>(
    "select id as first, id + deliveries - 1 as last, topic from messages where id <= $id order by id desc limit 1",
    { id },
  );
  if (known === undefined || id > known.last)
    throw id > 0 && (await wasGivenOut(tx, id))
      ? new SkepError("E_NOT_FOUND", `message ${id} is not known any more`, {
          hint: "It ended, and was pruned with its history: bus.history_keep and bus.history_rows_max say what is kept.",
        })
      : new SkepError("E_NOT_FOUND", `there is no message ${id}`, {
          hint: "send prints the id of each message.",
        });
  const message = await readMessage(tx, known.first);
  const rows = await tx.all<DeliveryRow>(
    `select id, inbox, state, attempt, epoch, holder, claimed_at as claimedAt, null as endedAt, null as reason,
            case state when 'leased' then lease_tick - $tick
                       when 'delayed' then coalesce(due_tick - $tick, due_at - $now) end as untilMs,
            expires_at - $now as expiresInMs
       from deliveries where id between $first and $last
     union all
     select delivery_id, inbox, outcome, attempt, epoch, holder, claimed_at, ended_at, null, null, null
       from history where delivery_id between $first and $last
     union all
     select delivery_id, inbox, 'dead', attempt, epoch, holder, null, died_at, reason, null, null
       from dead_letters where delivery_id between $first and $last
     order by 1`,
    { first: known.first, last: known.last, now: tx.now, tick: tx.tick },
  );
  const deliveries: TracedDelivery[] = [];
  for (const row of rows) deliveries.push(await tracedDelivery(tx, message, row));
  return { message, topic: known.topic, deliveries, followedBy: await followers(tx, message) };
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
  untilMs: number | null;
  expiresInMs: number | null;
}

async function tracedDelivery(
  tx: ReadTx,
  message: Message,
  row: DeliveryRow,
): Promise<TracedDelivery> {
  const { id, inbox, state, attempt, untilMs, expiresInMs } = row;
  const steps: Step[] = [
    { at: message.sentAt, what: "sent", holder: null, epoch: null, reason: null },
  ];
  const failed = await tx.all<FailedClaim>(
    `select epoch, holder, claimed_at as claimedAt, ended_at as endedAt, outcome, reason
       from attempts where delivery_id = $id order by epoch`,
    { id },
  );
  for (const [n, one] of failed.entries()) steps.push(...stepsOf(one, failed[n - 1]));
  steps.push(...lastSteps(row, failed.at(-1)?.epoch));
  return { id, inbox, state, attempt, untilMs, expiresInMs, steps };
}

interface FailedClaim {
  epoch: number;
  holder: string | null;
  claimedAt: number;
  endedAt: number;
  outcome: "nacked" | "expired" | "died" | "returned" | "retried" | "moved";
  reason: string | null;
}

function stepsOf(claim: FailedClaim, before: FailedClaim | undefined): Step[] {
  const { epoch, holder, claimedAt, endedAt, outcome, reason } = claim;
  // A retry stands among the claims (see dead-retry.ts): what it ended was a death, and the reason is the death's.
  if (outcome === "retried")
    return [
      { at: claimedAt, what: "dead", holder: before?.holder ?? null, epoch: epoch - 1, reason },
      { at: endedAt, what: "retried", holder, epoch: null, reason: null },
    ];
  // So does a move to another inbox (see handover.ts), which nobody has claimed for.
  if (outcome === "moved") return [{ at: endedAt, what: "moved", holder, epoch: null, reason }];
  return [
    { at: claimedAt, what: "claimed", holder, epoch, reason: null },
    { at: endedAt, what: outcome, holder, epoch, reason },
  ];
}

function lastSteps(row: DeliveryRow, lastFailed: number | undefined): Step[] {
  const { state, epoch, holder, claimedAt, endedAt, reason } = row;
  const steps: Step[] = [];
  // The claim that is open, or that an ack ended, is in no table of failures.
  if (claimedAt !== null && (state === "leased" || state === "acked") && lastFailed !== epoch)
    steps.push({ at: claimedAt, what: "claimed", holder, epoch, reason: null });
  if (endedAt !== null) {
    const what = state as Step["what"];
    // A message grows old by itself, and whoever purges it has not claimed it.
    const lease = what === "acked" || what === "dead" ? epoch : null;
    steps.push({
      at: endedAt,
      what,
      holder: what === "expired" ? null : holder,
      epoch: lease,
      reason,
    });
  }
  return steps;
}

async function followers(tx: ReadTx, { id, thread }: Message): Promise<Follower[]> {
  return await tx.all<Follower>(
    `select m.id, m.sender as "from", m.type, m.sent_at as sentAt, m.body,
            coalesce((select inbox from deliveries where id = m.id), (select inbox from history where delivery_id = m.id),
                     (select inbox from dead_letters where delivery_id = m.id)) as "to"
       from messages m where m.thread = $thread and m.id > $id order by m.id limit 100`,
    { id, thread: thread ?? String(id) },
  );
}
