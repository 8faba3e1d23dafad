// Insert: writes messages and their deliveries; whether there is room has been seen to.
import type { WriteTx } from "../store/store.ts";
import { lookMaxMs } from "./doorbell.ts";
import { move } from "./ledger.ts";
import { type Draft, defaultPriority } from "./message.ts";
import { type Ring, ringUpTo } from "./waiters.ts";

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
  const { to: inbox, delayMs = 0, ttlMs, expiresAt } = drafts[0];
  const first = next! - drafts.length;
  await tx.run(
    `insert into deliveries (id, message_id, inbox, state, priority, bytes, owes_reply, due_at, expires_at)
     select id, id, $inbox, $state, priority, length(body), $owesReply, $dueAt, $expiresAt from messages where id >= $first`,
    {
      inbox,
      first,
      state: delayMs > 0 ? "delayed" : "ready",
      owesReply: owesReply ? 1 : 0,
      dueAt: delayMs > 0 ? tx.now + delayMs : null,
      expiresAt: expiresAt ?? (ttlMs === undefined ? null : tx.now + ttlMs),
    },
  );
  if (delayMs > 0) await move(tx, inbox, { ready: -drafts.length, delayed: drafts.length });
  // There is nothing to claim yet, but somebody has to know when there is, if that is before it looks by itself.
  const toRing = delayMs === 0 ? drafts.length : delayMs <= lookMaxMs ? 1 : 0;
  await ringUpTo(toRing, tx, inbox, "mail", ring);
  return first;
}
