// Conditions: what alerts are made of, of the bus as it is now, in one cheap look however much lies in it.
import { alertsTopic } from "../core/names.ts";
import type { ReadTx } from "../store/store.ts";
import type { BusSettings } from "./message.ts";
import { oldestReady } from "./oldest-ready.ts";

/** How an inbox stands, and what has happened to it since there is one. */
export interface InboxCondition {
  inbox: string;
  depth: number;
  /** In percent of its cap. */
  utilization: number;
  /** How long the oldest that could be claimed has been there for that; 0 when there is none. */
  oldestMs: number;
  /** Its dead letters. */
  dead: number;
  /** Sends that it refused, ever. */
  refused: number;
  waitingSenders: number;
}

export interface BusConditions {
  inboxes: InboxCondition[];
  /** How many deliveries ended in each way, ever. */
  ended: { acked: number; dead: number; expired: number; purged: number };
  /** The longest time that one of the newest publications which ended of late took in an inbox; null when there was none. */
  publicationMs: number | null;
}

/** How many of the newest deliveries are looked at for publications. */
const newest = 1_000;

/** How every lasting inbox stands, and the sums over all; publications count that ended in the last `windowMs`. */
export async function readConditions(
  tx: ReadTx,
  { inboxCap }: Pick<BusSettings, "inboxCap">,
  windowMs: number,
): Promise<BusConditions> {
  const rows = await tx.all<Omit<InboxCondition, "oldestMs"> & { oldest: number | null }>(
    `select inbox, ready + delayed + leased + parked as depth, refused,
            100.0 * (ready + delayed + leased + reserved) / coalesce(cap, $inboxCap) as utilization,
            (select count(*) from dead_letters x where x.inbox = l.inbox) as dead,
            (select count(*) from waiters w
              where w.inbox = l.inbox and w.wants in ('room', 'turn') and w.waiting = 1) as waitingSenders,
            ${oldestReady("l")} as oldest
       from ledger l where temporary = 0`,
    { inboxCap },
  );
  const ages = await agesOf(
    tx,
    rows.flatMap(({ oldest }) => oldest ?? []),
  );
  const sums = await tx.get<BusConditions["ended"]>(
    `select coalesce(sum(acked), 0) as acked, coalesce(sum(dead), 0) as dead,
            coalesce(sum(expired), 0) as expired, coalesce(sum(purged), 0) as purged from ledger`,
  );
  return {
    inboxes: rows.map(({ oldest, ...row }) => ({ ...row, oldestMs: ages.get(oldest ?? -1) ?? 0 })),
    ended: sums!,
    publicationMs: await longestPublicationMs(tx, windowMs),
  };
}

/** The longest time that one of the newest publications which ended in the last `windowMs` took in an inbox; null when there was none. Alerts do not count, or to read one late would bring about the next. */
export async function longestPublicationMs(tx: ReadTx, windowMs: number): Promise<number | null> {
  const row = await tx.get<{ ms: number | null }>(
    `select max(0, max(h.ended_at - m.sent_at)) as ms from history h join messages m on m.id = h.message_id
      where h.delivery_id > (select max(delivery_id) from history) - ${newest}
        and h.outcome = 'acked' and m.topic != $alerts and h.ended_at > $since`,
    { since: tx.now - windowMs, alerts: alertsTopic },
  );
  return row?.ms ?? null;
}

async function agesOf(tx: ReadTx, ids: readonly number[]): Promise<Map<number, number>> {
  // What its sender wanted to come later was not there for anybody until then.
  const rows = await tx.all<{ id: number; since: number }>(
    `select d.id, max(m.sent_at, coalesce(d.due_at, 0)) as since
       from deliveries d join messages m on m.id = d.message_id
      where d.id in (select value from json_each($ids))`,
    { ids: JSON.stringify(ids) },
  );
  return new Map(rows.map(({ id, since }) => [id, Math.max(0, tx.now - since)]));
}
