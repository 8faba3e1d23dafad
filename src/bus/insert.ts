// Insert: writes messages and their deliveries; whether there is room has been seen to.
import type { WriteTx } from "../store/store.ts";
import { type Draft, defaultPriority } from "./message.ts";
import { type Ring, ringUpTo } from "./waiters.ts";

/** Writes `drafts`, at least one and all to the same inbox, and has as many of those who wait rung: the id of the first, the others have the ids that follow. */
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
       values (coalesce($next, (select id + deliveries from messages order by id desc limit 1), 1),
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
  const inbox = drafts[0].to;
  const first = next! - drafts.length;
  await tx.run(
    `insert into deliveries (id, message_id, inbox, state, priority, bytes, owes_reply)
     select id, id, $inbox, 'ready', priority, length(body), $owesReply from messages where id >= $first`,
    { inbox, first, owesReply: owesReply ? 1 : 0 },
  );
  await ringUpTo(drafts.length, tx, inbox, "mail", ring);
  return first;
}
