// Insert: writes messages and their deliveries; whether there is room has been seen to.
import type { WriteTx } from "../store/store.ts";
import { textList, textRows } from "../store/text-list.ts";
import { lookMaxMs } from "./doorbell.ts";
import { move } from "./ledger.ts";
import { type Draft, defaultPriority } from "./message.ts";
import { type Ring, ringEach, ringUpTo } from "./waiters.ts";

/** The id of the next message, for a statement that inserts it; null for the first of all. */
export const nextMessageId = "(select id + deliveries from messages order by id desc limit 1)";

/** Whether `insert` can write `a` and `b` together: they go to one inbox and keep the same times. */
export function fitTogether(a: Draft, b: Draft): boolean {
  return (
    a.to === b.to && a.delayMs === b.delayMs && a.ttlMs === b.ttlMs && a.expiresAt === b.expiresAt
  );
}

/**
 * Writes `drafts`, at least one and all fit to go together, and has as many of those who wait rung: the id of the first, the others
 * have the ids that follow. All of them are on the account of the inbox as ready.
 */
export async function insert(
  tx: WriteTx,
  from: string | null,
  drafts: readonly [Draft, ...Draft[]],
  { owesReply, ring }: { owesReply: boolean; ring: Ring },
): Promise<number> {
  let next: number | null = null;
  for (const { type = null, thread = null, replyTo = null, priority, body } of drafts) {
    const { lastId } = await tx.run(
      `insert into messages (id, sender, type, thread, reply_to, priority, sent_at, body)
       values (coalesce($next, ${nextMessageId}, 1),
               $from, $type, $thread, $replyTo, $priority, $now, $body)`,
      {
        next,
        from,
        type,
        thread,
        replyTo,
        priority: priority ?? defaultPriority,
        now: tx.now,
        body,
      },
    );
    next = lastId + 1;
  }
  tx.reach(next! - 1);
  const { to: inbox } = drafts[0];
  const { delayMs, ...times } = timesOf(tx, drafts[0]);
  const first = next! - drafts.length;
  await tx.run(
    `insert into deliveries (id, message_id, inbox, state, priority, bytes, owes_reply, due_at, expires_at)
     select id, id, $inbox, $state, priority, length(body), $owesReply, $dueAt, $expiresAt from messages where id >= $first`,
    { inbox, first, ...times, owesReply: owesReply ? 1 : 0 },
  );
  if (delayMs > 0) await move(tx, inbox, { ready: -drafts.length, delayed: drafts.length });
  const toRing = delayMs === 0 ? drafts.length : isDueSoon(delayMs) ? 1 : 0;
  await ringUpTo(toRing, tx, inbox, "mail", ring);
  return first;
}

/** Writes `message` once, with a delivery for each of `inboxes`, and has one that waits there rung: its id. It is on the account of each of them as ready. */
export async function insertForEach(
  tx: WriteTx,
  from: string | null,
  message: Omit<Draft, "to" | "key"> & { topic?: string },
  { inboxes, ring }: { inboxes: readonly string[]; ring: Ring },
): Promise<number> {
  const { type = null, topic = null, thread = null, replyTo = null, body } = message;
  const { priority = defaultPriority } = message;
  const { delayMs, ...times } = timesOf(tx, message);
  const { lastId: id } = await tx.run(
    `insert into messages (id, deliveries, sender, type, topic, thread, reply_to, priority, sent_at, body)
     values (coalesce(${nextMessageId}, 1),
             $deliveries, $from, $type, $topic, $thread, $replyTo, $priority, $now, $body)`,
    {
      deliveries: inboxes.length,
      from,
      type,
      topic,
      thread,
      replyTo,
      priority,
      now: tx.now,
      body,
    },
  );
  tx.reach(id + inboxes.length - 1);
  await tx.run(
    `insert into deliveries (id, message_id, inbox, state, priority, bytes, owes_reply, due_at, expires_at)
     select $id + key, $id, value, $state, $priority, $bytes, $owesReply, $dueAt, $expiresAt from ${textRows("inboxes")}`,
    {
      id,
      inboxes: textList(inboxes),
      priority,
      bytes: body.length,
      owesReply: replyTo === null ? 0 : 1,
      ...times,
    },
  );
  if (delayMs > 0) for (const inbox of inboxes) await move(tx, inbox, { ready: -1, delayed: 1 });
  if (isDueSoon(delayMs)) await ringEach(tx, inboxes, "mail", ring);
  return id;
}

/** In which state a delivery of `draft` comes, and what it waits for. */
function timesOf(
  tx: WriteTx,
  { delayMs = 0, ttlMs, expiresAt }: Pick<Draft, "delayMs" | "ttlMs" | "expiresAt">,
) {
  return {
    delayMs,
    state: delayMs > 0 ? "delayed" : "ready",
    dueAt: delayMs > 0 ? tx.now + delayMs : null,
    expiresAt: expiresAt ?? (ttlMs === undefined ? null : tx.now + ttlMs),
  };
}

/** Whether somebody has to know now: there may be nothing to claim yet, but there is before it looks by itself. */
function isDueSoon(delayMs: number): boolean {
  return delayMs <= lookMaxMs;
}
