// Latest: the last value of each series that got one of late.
import { sleep } from "../core/clock.ts";
import type { ReadTx, Store } from "../store/store.ts";
import { ownMetrics } from "../core/metric-names.ts";
import type { Point } from "./point.ts";
import { minuteMs } from "./record.ts";

/** A point without those before it. */
export type Latest = Point & { at: number };

/** The last values of processes and of what users emit, how many there are beyond those, and how long a swarm took to start. */
export interface LatestPoints {
  processes: Latest[];
  users: Latest[];
  startMs: number | null;
  leftOut: { processes: number; users: number };
}

/** How far back a last value may lie: as long as Prometheus itself holds one for current. */
export const latestMs = 5 * 60_000;

/** How many of each are told. */
export const processesMax = 10_000;
export const usersMax = 10_000;

// Each page is a read of its own, of a few milliseconds, and between two of them others have their turn.
const pageSeries = 2_000;

/**
 * The last value of each series that got one in the last five minutes, the oldest series first. It comes from the roll-ups
 * of those minutes, so it costs as much for a million points as for a thousand.
 */
export async function latestPoints(store: Store): Promise<LatestPoints> {
  const leftOut = { processes: 0, users: 0 };
  const found: LatestPoints = { processes: [], users: [], startMs: null, leftOut };
  for (let after = 0; ;) {
    const page = await store.read((tx) => readPage(tx, after));
    if (page === undefined) return found;
    for (const row of page.rows) keep(found, row);
    after = page.last;
    await sleep(0);
  }
}

// The roll-up of a series minute by minute: nearly always the first or the second is there.
const newestFirst = Array.from({ length: latestMs / minuteMs + 1 }, (_, n) => {
  const minute = `$minute - ${n * minuteMs}`;
  return `(select id from rollups where minute = ${minute} and series = s.id)`;
});

type Row = Omit<Latest, "tags"> & { tags: string };

function keep(found: LatestPoints, row: Row): void {
  if (row.name === "swarm.start_time") found.startMs = row.value;
  const isProcess = row.name.startsWith("process.");
  if (!isProcess && Object.hasOwn(ownMetrics, row.name)) return;
  const kind = isProcess ? "processes" : "users";
  if (found[kind].length === (isProcess ? processesMax : usersMax)) found.leftOut[kind]++;
  else found[kind].push({ ...row, tags: JSON.parse(row.tags) as Point["tags"] });
}

/** What the 2,000 series that were made after `after` came to last; undefined when there is none after it. */
async function readPage(
  tx: ReadTx,
  after: number,
): Promise<{ rows: Row[]; last: number } | undefined> {
  const page = await tx.get<{ last: number | null }>(
    `select max(id) as last from (select id from series where id > $after order by id limit ${pageSeries})`,
    { after },
  );
  const last = page?.last ?? null;
  if (last === null) return undefined;
  const since = tx.now - latestMs;
  const rows = await tx.all<Row>(
    `select s.name, r.last_value as value, s.unit, nullif(s.agent, '') as agent, s.tags, r.last_at as at
       from series s join rollups r on r.id = coalesce(${newestFirst.join(", ")})
      where s.id > $after and s.id <= $last and r.last_at > $since order by s.id`,
    { after, last, since, minute: tx.now - (tx.now % minuteMs) },
  );
  return { rows, last };
}
