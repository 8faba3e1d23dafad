// Record: points go into vitals.db one by one, and into the roll-up of their minute.
import { rowList, rowsOf } from "../store/row-list.ts";
import type { WriteTx } from "../store/store.ts";
import { type Histogram, addValue } from "./histogram.ts";
import type { Point } from "./point.ts";
import { seriesOf } from "./series.ts";

/** A point, and when it was measured where that was before now. */
export type Measured = Point & { at?: number };

export interface Recorded {
  /** The id of the last point. */
  lastId: number;
  /** How many lost agent and tags because their metric has too many combinations. */
  untagged: number;
}

export const minuteMs = 60_000;

/** Records `points`, of which there must be one at least. E_FULL when there are too many metrics. */
export async function recordPoints(tx: WriteTx, points: readonly Measured[]): Promise<Recorded> {
  const { ids, untagged } = await seriesOf(tx, points);
  const rows = points.map(({ at = tx.now, value }, index) => ({ at, series: ids[index]!, value }));
  const { lastId } = await tx.run(
    `insert into points (at, series, value) select at, series, value from ${rowsOf("rows", ["at", "series", "value"])}`,
    { rows: rowList(rows.map(({ at, series, value }) => [at, series, value])) },
  );
  for (const [minute, ofMinute] of Map.groupBy(rows, ({ at }) => at - (at % minuteMs)))
    await addToMinute(tx, minute, ofMinute);
  return { lastId, untagged };
}

interface Rollup {
  series: number;
  count: number;
  sum: number;
  least: number;
  most: number;
  histogram: Histogram;
  last_value: number | null;
  last_at: number | null;
}

async function addToMinute(
  tx: WriteTx,
  minute: number,
  points: readonly { series: number; at: number; value: number }[],
): Promise<void> {
  const rollups = await rollupsOf(tx, minute, [...new Set(points.map(({ series }) => series))]);
  for (const { series, at, value } of points) {
    const rollup = rollups.get(series) ?? newRollup(series);
    rollups.set(series, rollup);
    rollup.count++;
    rollup.sum += value;
    rollup.least = Math.min(rollup.least, value);
    rollup.most = Math.max(rollup.most, value);
    addValue(rollup.histogram, value);
    if (at < (rollup.last_at ?? at)) continue;
    rollup.last_value = value;
    rollup.last_at = at;
  }
  const rows = [...rollups.values()].map((rollup) => [
    rollup.series,
    rollup.count,
    // Two numbers near the largest there is add up to none.
    Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, rollup.sum)),
    rollup.least,
    rollup.most,
    JSON.stringify(rollup.histogram),
    rollup.last_value,
    rollup.last_at,
  ]);
  await tx.run(
    `insert into rollups (minute, ${columns.join(", ")})
     select $minute, ${columns.join(", ")} from ${rowsOf("rows", columns)} where true
     on conflict (minute, series) do update set
       count = excluded.count, sum = excluded.sum, least = excluded.least, most = excluded.most,
       histogram = excluded.histogram, last_value = excluded.last_value, last_at = excluded.last_at`,
    { minute, rows: rowList(rows) },
  );
}

const columns = ["series", "count", "sum", "least", "most", "histogram", "last_value", "last_at"];

function newRollup(series: number): Rollup {
  const extremes = { least: Infinity, most: -Infinity };
  return { series, count: 0, sum: 0, ...extremes, histogram: {}, last_value: null, last_at: null };
}

/** What is there already of `minute`, by series. */
async function rollupsOf(
  tx: WriteTx,
  minute: number,
  series: readonly number[],
): Promise<Map<number, Rollup>> {
  const rows = await tx.all<Omit<Rollup, "histogram"> & { histogram: string }>(
    `select ${columns.join(", ")} from rollups
      where minute = $minute and series in (select id from ${rowsOf("ids", ["id"])})`,
    { minute, ids: rowList(series.map((id) => [id])) },
  );
  return new Map(
    rows.map((row) => [row.series, { ...row, histogram: JSON.parse(row.histogram) as Histogram }]),
  );
}
