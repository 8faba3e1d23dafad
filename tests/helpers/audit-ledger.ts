// The auditor: counts every row there is, and holds the ledger to it.
import assert from "node:assert/strict";
import type { Store } from "../../src/store/store.ts";

/**
 * Throws when the ledger of any inbox differs from what lies in the tables, a delivery is in two of them, or the sums do not add up. With
 * `forgets` the past may have been pruned: the ledger may then count more that ended than there is.
 */
export async function auditLedger(
  { store }: { store: Store },
  { forgets = false } = {},
): Promise<void> {
  const { ledger, counted, twice, orphans } = await store.read(async (tx) => ({
    ledger: await tx.all<Row>(
      `select inbox, ready, delayed, leased, parked, reserved, bytes, sent + moved_in - moved_out as came, acked, dead, expired, purged from ledger order by inbox`,
    ),
    counted: await tx.all<Row>(
      `select inbox,
              count(*) filter (where d.state = 'ready') as ready,
              count(*) filter (where d.state = 'delayed') as delayed,
              count(*) filter (where d.state = 'leased') as leased,
              count(*) filter (where d.state = 'parked') as parked,
              (select count(*) from deliveries o join messages m on m.id = o.message_id
                where o.owes_reply = 1 and m.reply_to = l.inbox) as reserved,
              coalesce(sum(d.bytes) filter (where d.state != 'parked'), 0) as bytes,
              count(d.id) + (select count(*) from history h where h.inbox = l.inbox)
                          + (select count(*) from dead_letters x where x.inbox = l.inbox) as came,
              (select count(*) from history h where h.inbox = l.inbox and h.outcome = 'acked') as acked,
              (select count(*) from dead_letters x where x.inbox = l.inbox) as dead,
              (select count(*) from history h where h.inbox = l.inbox and h.outcome = 'expired') as expired,
              (select count(*) from history h where h.inbox = l.inbox and h.outcome = 'purged') as purged
         from ledger l left join deliveries d using (inbox) group by inbox order by inbox`,
    ),
    twice: await tx.all(
      `select id from (select id from deliveries union all select delivery_id from history
                       union all select delivery_id from dead_letters) group by id having count(*) > 1`,
    ),
    orphans: await tx.all(
      `select d.id from deliveries d left join messages m on m.id = d.message_id left join ledger l on l.inbox = d.inbox
        where m.id is null or l.inbox is null or d.bytes != length(m.body)`,
    ),
  }));
  if (forgets)
    for (const [index, row] of counted.entries())
      for (const ended of ["came", "acked", "dead", "expired", "purged"]) {
        const inLedger = ledger[index]?.[ended] ?? 0;
        assert.ok(row[ended]! <= inLedger, `the ledger has counted all that was ${ended}`);
        row[ended] = inLedger;
      }
  assert.deepEqual(ledger, counted, "the ledger says what lies in the tables");
  assert.deepEqual(twice, [], "no delivery is in two places");
  assert.deepEqual(orphans, [], "every delivery has its message and its inbox");
}

type Row = Record<string, string | number>;
