// Retain: what was measured long ago is forgotten, the oldest first and a bounded bit at a time.
import { isSkepError } from "../core/errors.ts";
import type { Store, WriteTx } from "../store/store.ts";
import { pruneSeries } from "./series.ts";

/** How long points and roll-ups are kept, and how many of each at most. */
export interface Keeping {
  rawKeepMs: number;
  rollupKeepMs: number;
  rowsMax: number;
}

const rowsPerTurn = 2_000;
const turnsMax = 50;

/** One point in so many has whoever wrote it do a turn, so that the file stays bounded without a supervisor. */
const pointsPerTurn = 1_000;

/** Does turns until there is nothing left to forget, or `turnsMax` are done; each in a write of its own. */
export async function retainMetrics(store: Store, keeping: Keeping, signal?: AbortSignal) {
  for (let turn = 0; turn < turnsMax && !signal?.aborted; turn++)
    if ((await store.write((tx) => pruneTx(tx, keeping), { signal })) === 0) break;
  await store.shrink({ signal });
}

/** The turn that falls to whoever wrote the points up to `lastId`, `count` of them; none for most. What goes wrong puts it off. */
export async function retainAfter(
  store: Store,
  keeping: Keeping,
  { lastId, count }: { lastId: number; count: number },
): Promise<void> {
  const isTurn = Math.floor(lastId / pointsPerTurn) > Math.floor((lastId - count) / pointsPerTurn);
  if (!isTurn) return;
  try {
    await store.write((tx) => pruneTx(tx, keeping));
  } catch (error) {
    if (!isSkepError(error)) throw error;
  }
}

/** Forgets up to 2,000 rows of each table that are too old or too many: how many there were. */
export async function pruneTx(tx: WriteTx, keeping: Keeping): Promise<number> {
  const { rawKeepMs, rollupKeepMs, rowsMax } = keeping;
  const points = await prune(tx, "points", "at", tx.now - rawKeepMs, rowsMax);
  const rollups = await prune(tx, "rollups", "minute", tx.now - rollupKeepMs, rowsMax);
  await pruneSeries(tx, tx.now - Math.max(rawKeepMs, rollupKeepMs) - slackMs);
  return points + rollups;
}

// When a series was last used is known to the hour.
const slackMs = 2 * 3_600_000;

// Rows stand in the order in which they came, so the first ones are the oldest. A time that is yet to come was written
// by a clock that was wrong; it would be in the way for ever.
async function prune(
  tx: WriteTx,
  table: "points" | "rollups",
  time: "at" | "minute",
  before: number,
  rowsMax: number,
): Promise<number> {
  const { changes } = await tx.run(
    `delete from ${table} where id in (select id from ${table} order by id limit ${rowsPerTurn})
        and (${time} < $before or ${time} > $ahead
             or id <= (select max(id) from ${table}) - $rowsMax)`,
    { before, ahead: tx.now + slackMs, rowsMax },
  );
  return changes;
}
