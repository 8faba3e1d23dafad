// Dead drop: dead letters end for good, as purged.
import { idList } from "../store/id-list.ts";
import type { WriteTx } from "../store/store.ts";
import type { Bus } from "./bus.ts";
import { type DeadRef, findDead, nextDead } from "./dead.ts";
import { move } from "./ledger.ts";

/** Ends the dead deliveries that `ids` mean (see `findDead`) as purged, with the name of who did it: what they were. E_NOT_FOUND when one of them is not dead, and then nothing is changed. */
export async function dropDead(
  tx: WriteTx,
  ids: readonly number[],
  by: string | null,
): Promise<DeadRef[]> {
  const meant = new Set<number>();
  for (const id of ids) meant.add(await findDead(tx, id));
  return await dropThose(tx, [...meant], by);
}

/** Drops every dead letter of `inbox`, or of all inboxes, at most 500 to a transaction: how many there were. E_NOT_FOUND when there is no such inbox. Ends early when `signal` aborts. */
export async function dropAllDead(
  bus: Pick<Bus, "store">,
  inbox: string | undefined,
  { by, signal }: { by: string | null; signal?: AbortSignal | undefined },
): Promise<number> {
  let count = 0;
  for (let after: number | undefined = 0; after !== undefined && !signal?.aborted;) {
    const from: number = after;
    const dropped = await bus.store.write(
      async (tx) => dropThose(tx, await nextDead(tx, inbox, from), by),
      { signal },
    );
    count += dropped.length;
    after = dropped.at(-1)?.id;
  }
  return count;
}

/** Drops those of `deliveryIds` that are dead: what they were; none when none is. */
export async function dropThose(
  tx: WriteTx,
  deliveryIds: readonly number[],
  by: string | null,
): Promise<DeadRef[]> {
  const { sql, value: ids } = idList(deliveryIds);
  const letters = await tx.all<DeadRef>(
    `select delivery_id as id, message_id as messageId, inbox
       from dead_letters where delivery_id in (${sql}) order by delivery_id`,
    { ids },
  );
  await tx.run(
    `insert into history (delivery_id, message_id, inbox, outcome, attempt, epoch, holder, ended_at)
     select delivery_id, message_id, inbox, 'purged', attempt, epoch, $by, $now
       from dead_letters where delivery_id in (${sql})`,
    { ids, by, now: tx.now },
  );
  await tx.run(`delete from dead_letters where delivery_id in (${sql})`, { ids });
  const counts = new Map<string, number>();
  for (const { inbox } of letters) counts.set(inbox, (counts.get(inbox) ?? 0) + 1);
  for (const [inbox, count] of counts) await move(tx, inbox, { dead: -count, purged: count });
  return letters;
}
