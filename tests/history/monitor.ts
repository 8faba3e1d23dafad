// The monitor: looks at every inbox again and again, and notes which holds more than it may.
import { setTimeout as sleep } from "node:timers/promises";
import type { Bus } from "../../src/bus/bus.ts";
import type { Overfull } from "./history.ts";
import { nowMs } from "./record.ts";

const lookMs = 15;

/** Looks until `signal` aborts: what it saw that was too full. */
export async function watchBounds(
  { store, settings }: Bus,
  signal: AbortSignal,
): Promise<Overfull[]> {
  const seen: Overfull[] = [];
  while (!signal.aborted) {
    const startMs = nowMs();
    // What really lies there, and not what the ledger says of it. An answer takes a slot that was kept for it, of
    // whatever weight it is.
    const rows = await store.read((tx) =>
      tx.all<Omit<Overfull, "t">>(
        `select * from (
           select l.inbox, count(d.id) + l.reserved as taken,
                  coalesce(sum(length(m.body)) filter (where m.type is not 'reply'), 0) as bytes
             from ledger l
             left join deliveries d on d.inbox = l.inbox and d.state != 'parked'
             left join messages m on m.id = d.message_id
            group by l.inbox)
          where taken > $cap or bytes > $capBytes`,
        { cap: settings.inboxCap, capBytes: settings.inboxBytes },
      ),
    );
    const t = nowMs();
    seen.push(...rows.map((row) => ({ t, ...row })));
    // It takes a tenth of a core at most.
    await sleep(Math.max(lookMs, 10 * (t - startMs)), undefined, { signal }).catch(() => {});
  }
  return seen;
}
