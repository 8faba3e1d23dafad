// Dead retry: dead letters go back into their inboxes, as if they had never been tried.
import { SkepError, isSkepError } from "../core/errors.ts";
import { idList } from "../store/id-list.ts";
import type { WriteTx } from "../store/store.ts";
import type { Bus } from "./bus.ts";
import { type DeadRef, findDead, nextDead } from "./dead.ts";
import { ring } from "./doorbell.ts";
import { refuseWhileDraining } from "./intake.ts";
import { move } from "./ledger.ts";
import { ringUpTo } from "./waiters.ts";

/**
 * Makes the dead deliveries that `ids` mean (see `findDead`) ready again, their attempts counted anew: what they were. Their
 * failed attempts stay on record, a full inbox takes them all the same, and no receipt of before is good again. E_NOT_FOUND when one of
 * them is not dead or its inbox is gone, E_DRAINING while the bus takes nothing; nothing is changed when it throws.
 */
export async function retryDead(
  tx: WriteTx,
  ids: readonly number[],
  by: string | null,
): Promise<DeadRef[]> {
  const meant = new Set<number>();
  for (const id of ids) meant.add(await findDead(tx, id));
  const raised = await raise(tx, [...meant], by);
  for (const { id } of raised) meant.delete(id);
  for (const id of meant)
    throw new SkepError("E_NOT_FOUND", `dead letter ${id} has nowhere to go: its inbox is gone`, {
      hint: `End it with skep dead drop ${id}.`,
    });
  return raised;
}

/** Retries every dead letter of `inbox`, or of all inboxes, at most 500 to a transaction: how many there were; those whose inbox is gone stay dead. E_NOT_FOUND when there is no such inbox. Ends early when `signal` aborts. */
export async function retryAllDead(
  bus: Pick<Bus, "store">,
  inbox: string | undefined,
  { by, signal }: { by: string | null; signal?: AbortSignal | undefined },
): Promise<number> {
  let count = 0;
  for (let after: number | undefined = 0; after !== undefined && !signal?.aborted;) {
    const from: number = after;
    const turn = async (tx: WriteTx) => {
      const ids = await nextDead(tx, inbox, from);
      // A drain that began after the last of them keeps none from anything.
      const raised = ids.length === 0 && from > 0 ? [] : await raise(tx, ids, by);
      return { raised: raised.length, last: ids.at(-1) };
    };
    const done = await bus.store.write(turn, { signal }).catch((error: unknown) => {
      throw count > 0 && isSkepError(error) ? afterSome(error, count) : error;
    });
    count += done.raised;
    after = done.last;
  }
  return count;
}

/** `error`, for whoever was refused when `count` were retried already. */
function afterSome({ code, message, hint, retryAfterMs }: SkepError, count: number): SkepError {
  const words = `${message}; ${count} dead letters were retried before`;
  return new SkepError(code, words, { hint, retryAfterMs });
}

async function raise(
  tx: WriteTx,
  deliveryIds: readonly number[],
  by: string | null,
): Promise<DeadRef[]> {
  await refuseWhileDraining(tx);
  const asked = idList(deliveryIds);
  const letters = await tx.all<Letter>(
    `select l.delivery_id as id, l.message_id as messageId, l.inbox, l.bytes, m.reply_to as replyTo,
            exists (select 1 from ledger where inbox = m.reply_to) as owesReply
       from dead_letters l join messages m on m.id = l.message_id
      where l.delivery_id in (${asked.sql}) and l.inbox in (select inbox from ledger) order by l.delivery_id`,
    { ids: asked.value },
  );
  const { sql, value: ids } = idList(letters.map(({ id }) => id));
  // The time among the dead counts as a lease of its own, so the number of the next one is higher than any receipt's.
  await tx.run(
    `insert into attempts (delivery_id, epoch, holder, claimed_at, ended_at, outcome, reason)
     select delivery_id, epoch + 1, $by, died_at, $now, 'retried', reason
       from dead_letters where delivery_id in (${sql})`,
    { ids, by, now: tx.now },
  );
  // What cost its holder's life is tried without company, as ever. The answer to a request has a slot again, if
  // anybody is still there to get it.
  await tx.run(
    `insert into deliveries (id, message_id, inbox, state, priority, bytes, owes_reply, alone, epoch)
     select l.delivery_id, l.message_id, l.inbox, 'ready', l.priority, l.bytes,
            exists (select 1 from ledger where inbox = m.reply_to),
            exists (select 1 from attempts where delivery_id = l.delivery_id and outcome in ('died', 'expired')),
            l.epoch + 1
       from dead_letters l join messages m on m.id = l.message_id
      where l.delivery_id in (${sql})`,
    { ids },
  );
  await tx.run(`delete from dead_letters where delivery_id in (${sql})`, { ids });
  await account(tx, letters);
  return letters.map(({ id, messageId, inbox }) => ({ id, messageId, inbox }));
}

interface Letter extends DeadRef {
  bytes: number;
  replyTo: string | null;
  owesReply: number;
}

async function account(tx: WriteTx, letters: readonly Letter[]): Promise<void> {
  const inboxes = new Map<string, { count: number; bytes: number }>();
  for (const { inbox, bytes, replyTo, owesReply } of letters) {
    const sum = inboxes.get(inbox) ?? { count: 0, bytes: 0 };
    inboxes.set(inbox, { count: sum.count + 1, bytes: sum.bytes + bytes });
    if (owesReply === 1) await move(tx, replyTo!, { reserved: 1 });
  }
  for (const [inbox, { count, bytes }] of inboxes) {
    await move(tx, inbox, { dead: -count, ready: count, bytes });
    await ringUpTo(count, tx, inbox, "mail", ring);
  }
}
