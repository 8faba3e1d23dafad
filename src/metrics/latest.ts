// Latest: the last value of each series that got one of late.
import type { ReadTx } from "../store/store.ts";
import type { Point } from "./point.ts";

/** A point without those before it. */
export type Latest = Point & { at: number };

/** How far back a last value may lie: as long as Prometheus itself holds one for current. */
export const latestMs = 5 * 60_000;

// So many of the newest points are looked at: two samples of 708 agents are some 11,000.
const pointsMax = 50_000;

/** The last value of each series that got one in the last five minutes, the oldest series first, and of the newest 50,000 points at most. */
export async function latestPoints(tx: ReadTx): Promise<Latest[]> {
  const rows = await tx.all<Omit<Latest, "tags"> & { tags: string }>(
    `select s.name, p.value, s.unit, nullif(s.agent, '') as agent, s.tags, p.at
       from (select series, max(id) as id from points
              where id > (select coalesce(max(id), 0) from points) - ${pointsMax} and at > $since
              group by series) newest
       join points p on p.id = newest.id join series s on s.id = newest.series
      order by s.id`,
    { since: tx.now - latestMs },
  );
  return rows.map((row) => ({ ...row, tags: JSON.parse(row.tags) as Point["tags"] }));
}
