// Purge: ends what lies in an inbox and is not in anybody's hands.
import { idList } from "../store/id-list.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";
import type { Bus } from "./bus.ts";
import { dropThose } from "./dead-drop.ts";
import { ring } from "./doorbell.ts";
import { inboxExists, move, unknownInbox } from "./ledger.ts";
import { releaseReply } from "./release-reply.ts";
import { ringUpTo } from "./waiters.ts";

export interface Purge {
  inbox: string;
  /** Only what was sent that long ago or longer, in milliseconds; everything when left out. */
  olderThanMs?: number | undefined;
  /** Whether its dead letters end too. */
  dead: boolean;
}

/** How many deliveries a purge ends, by what they are before it. */
export interface Purged {
  ready: number;
  delayed: number;
  parked: number;
  dead: number;
}

/** What a purge would end. */
export interface Purgeable {
  /** Deliveries that nobody holds. */
  live: number[];
  dead: number[];
}

// What one transaction ends: at 500 it holds the lock for some 5 ms.
const chunkMax = 500;

/** What `purge` would end now; nothing in an empty inbox. E_NOT_FOUND when there is no such inbox. */
export async function findPurgeable(
  tx: ReadTx,
  { inbox, olderThanMs = 0, dead }: Purge,
): Promise<Purgeable> {
  if (!(await inboxExists(tx, inbox))) throw await unknownInbox(tx, inbox);
  const params = { inbox, before: tx.now - olderThanMs };
  const live = await tx.all<{ id: number }>(
    `select d.id from deliveries d join messages m on m.id = d.message_id
      where d.inbox = $inbox and d.state in ('ready', 'delayed', 'parked') and m.sent_at <= $before order by d.id`,
    params,
  );
  const letters = dead
    ? await tx.all<{ id: number }>(
        `select l.delivery_id as id from dead_letters l join messages m on m.id = l.message_id
          where l.inbox = $inbox and m.sent_at <= $before order by 1`,
        params,
      )
    : [];
  return { live: live.map(({ id }) => id), dead: letters.map(({ id }) => id) };
}

/**
 * Ends what `findPurgeable` found, at most 500 to a transaction, with the name of who did it: how many there were. What was claimed or ended
 * meanwhile is left alone. Ends early, between two transactions, when `signal` aborts.
 */
export async function purge(
  bus: Pick<Bus, "store">,
  inbox: string,
  { live, dead }: Purgeable,
  { by, signal }: { by: string | null; signal?: AbortSignal | undefined },
): Promise<Purged> {
  const purged: Purged = { ready: 0, delayed: 0, parked: 0, dead: 0 };
  for (const ids of chunksOf(live)) {
    if (signal?.aborted) return purged;
    const counts = await bus.store.write((tx) => purgeTx(tx, inbox, ids, by), { signal });
    for (const state of states) purged[state] += counts[state];
  }
  for (const ids of chunksOf(dead)) {
    if (signal?.aborted) return purged;
    purged.dead += (await bus.store.write((tx) => dropThose(tx, ids, by), { signal })).length;
  }
  return purged;
}

const states = ["ready", "delayed", "parked"] as const;

interface PurgeRow {
  id: number;
  messageId: number;
  state: (typeof states)[number];
  bytes: number;
  owesReply: number;
}

/** Ends those of the deliveries `asked` that lie in `inbox` in nobody's hands, 500 at most: how many there were. */
export async function purgeTx(
  tx: WriteTx,
  inbox: string,
  asked: readonly number[],
  by: string | null,
): Promise<Omit<Purged, "dead">> {
  const those = idList(asked);
  const rows = await tx.all<PurgeRow>(
    `select id, message_id as messageId, state, bytes, owes_reply as owesReply from deliveries
      where id in (${those.sql}) and inbox = $inbox and state in ('ready', 'delayed', 'parked')`,
    { ids: those.value, inbox },
  );
  const { sql, value: ids } = idList(rows.map(({ id }) => id));
  await tx.run(
    `insert into history (delivery_id, message_id, inbox, outcome, attempt, epoch, holder, ended_at)
     select id, message_id, inbox, 'purged', attempt, epoch, $by, $now from deliveries where id in (${sql})`,
    { ids, by, now: tx.now },
  );
  await tx.run(`delete from deliveries where id in (${sql})`, { ids });
  const counts = { ready: 0, delayed: 0, parked: 0 };
  let bytes = 0;
  for (const row of rows) {
    counts[row.state] += 1;
    // What is parked takes no room (see park.ts).
    if (row.state !== "parked") bytes += row.bytes;
    if (row.owesReply === 1) await releaseReply(tx, row.messageId);
  }
  const { ready, delayed, parked } = counts;
  const purged = rows.length;
  await move(tx, inbox, {
    ready: -ready,
    delayed: -delayed,
    parked: -parked,
    bytes: -bytes,
    purged,
  });
  await ringUpTo(ready + delayed, tx, inbox, "room", ring);
  return counts;
}

function* chunksOf(ids: readonly number[]): Generator<readonly number[]> {
  for (let at = 0; at < ids.length; at += chunkMax) yield ids.slice(at, at + chunkMax);
}
