// The table looks of vitals.db: what counters said now and then, for whoever evaluates alerts next.
import type { ReadTx, WriteTx } from "../../store/store.ts";
import { type Counts, pauseMaxMs } from "./readings.ts";

/** What was noted in `boot`, in order; nothing when nobody has noted anything for 30 s. */
export async function readCounts(tx: ReadTx, boot: string): Promise<Counts[]> {
  const rows = await tx.all<{ tick: number; counts: string }>(
    "select tick, counts from looks where boot = $boot and tick <= $tick order by tick, id",
    { boot, tick: tx.tick },
  );
  const newest = rows.at(-1);
  if (newest === undefined || newest.tick < tx.tick - pauseMaxMs) return [];
  return rows.map(({ tick, counts }) => ({
    tick,
    ...(JSON.parse(counts) as Omit<Counts, "tick">),
  }));
}

/** Notes `counts`, taken in `boot`, and forgets what was noted before `oldestTick` or in another boot. */
export async function noteCounts(
  tx: WriteTx,
  boot: string,
  { tick, ...counts }: Counts,
  oldestTick: number,
): Promise<void> {
  await tx.run("insert into looks (tick, boot, counts) values ($tick, $boot, $counts)", {
    tick,
    boot,
    counts: JSON.stringify(counts),
  });
  await tx.run("delete from looks where boot != $boot or tick < $oldestTick", { boot, oldestTick });
}
