// The series table of vitals.db: what each point is of, once for all its points.
import { SkepError } from "../core/errors.ts";
import { rowList, rowsOf } from "../store/row-list.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";
import { textList, textsIn } from "../store/text-list.ts";
import { ownMetrics } from "../core/metric-names.ts";
import type { Point } from "./point.ts";

/** How many combinations of agent, unit and tags a metric of a user has, and how many metrics there are. */
export const seriesMax = 1_000;
export const namesMax = 1_000;

/** What stands for the tags of a point that would have been one combination too many. */
const tooMany = '{"*":"*"}';

const hourMs = 3_600_000;

/**
 * The series of each of `points`, made where there was none, and how many points had to leave agent and tags behind because their
 * metric has `seriesMax` combinations. E_FULL when there are too many metrics.
 */
export async function seriesOf(
  tx: WriteTx,
  points: readonly Point[],
): Promise<{ ids: number[]; untagged: number }> {
  const keys = points.map(keyOf);
  const known = await findSeries(tx, [...new Set(keys)]);
  const missing = new Set(keys.filter((key) => !known.has(key)));
  let untagged = 0;
  if (missing.size > 0) {
    const others = await makeSeries(tx, missing);
    for (const [key, id] of others.made) known.set(key, id);
    for (const [key, id] of others.full) known.set(key, id);
    untagged = keys.filter((key) => others.full.has(key)).length;
  }
  const ids = keys.map((key) => known.get(key)!);
  await noteUse(tx, ids);
  return { ids, untagged };
}

/** What there is of each name and unit. */
export async function recordedNames(tx: ReadTx): Promise<{ name: string; unit: string }[]> {
  return await tx.all("select distinct name, unit from series order by name, unit");
}

/** Forgets the series that got no point since `before`. */
export async function pruneSeries(tx: WriteTx, before: number): Promise<void> {
  await tx.run("delete from series where last_at < $before", { before });
}

const columns = ["name", "unit", "agent", "tags"];

// A JSON list, for it is one key here and a row there.
function keyOf({ name, unit, agent, tags }: Point): string {
  const sorted = Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([name, unit, agent ?? "", JSON.stringify(Object.fromEntries(sorted))]);
}

async function findSeries(tx: WriteTx, keys: readonly string[]): Promise<Map<string, number>> {
  const rows = await tx.all<{
    id: number;
    name: string;
    unit: string;
    agent: string;
    tags: string;
  }>(
    `select id, name, unit, agent, tags from series
      where (name, unit, agent, tags) in (select name, unit, agent, tags from ${rowsOf("keys", columns)})`,
    { keys: `[${keys.join(",")}]` },
  );
  return new Map(
    rows.map(({ id, name, unit, agent, tags }) => [JSON.stringify([name, unit, agent, tags]), id]),
  );
}

/** Makes those of `keys` that there is room for; the others get the series that their metric has for such. */
async function makeSeries(tx: WriteTx, keys: ReadonlySet<string>) {
  const names = [...new Set([...keys].map((key) => (JSON.parse(key) as string[])[0]!))];
  const counted = await tx.all<{ name: string; count: number }>(
    `select name, count(*) as count from series where name in (${textsIn("names")}) group by name`,
    { names: textList(names) },
  );
  const counts = new Map(counted.map(({ name, count }) => [name, count]));
  await checkNames(
    tx,
    names.filter((name) => !counts.has(name) && !Object.hasOwn(ownMetrics, name)),
  );
  const fitting: string[] = [];
  const full = new Map<string, string>();
  for (const key of keys) {
    const [name, unit] = JSON.parse(key) as [string, string];
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    // There are as many of skep's own as there are agents.
    if (count < seriesMax || Object.hasOwn(ownMetrics, name)) fitting.push(key);
    else full.set(key, JSON.stringify([name, unit, "", tooMany]));
  }
  const wanted = [...fitting, ...new Set(full.values())];
  await tx.run(
    `insert into series (name, unit, agent, tags, last_at)
     select name, unit, agent, tags, $now from ${rowsOf("keys", columns)} where true
     on conflict do nothing`,
    { keys: `[${wanted.join(",")}]`, now: tx.now },
  );
  const ids = await findSeries(tx, wanted);
  return {
    made: new Map(fitting.map((key) => [key, ids.get(key)!])),
    full: new Map([...full].map(([key, other]) => [key, ids.get(other)!])),
  };
}

async function checkNames(tx: WriteTx, added: readonly string[]): Promise<void> {
  if (added.length === 0) return;
  const fitting = await namesWithRoom(tx, added);
  const first = added.find((name) => !fitting.has(name));
  if (first !== undefined) throw tooManyNames(first);
}

/** Those of `names` that there is room for: all that have points already or are skep's own, and then the first others. */
export async function namesWithRoom(
  tx: ReadTx,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const known = await tx.all<{ name: string }>("select distinct name from series");
  const there = new Set(known.map(({ name }) => name));
  let room = namesMax - there.size;
  const fitting = names.filter(
    (name) => there.has(name) || Object.hasOwn(ownMetrics, name) || room-- > 0,
  );
  return new Set(fitting);
}

/** The error of a point whose metric would be one too many. */
export function tooManyNames(name: string): SkepError {
  return new SkepError("E_FULL", `${name} would be one metric too many: there are ${namesMax}`, {
    hint: "Put what differs into tags (--tag key=value) and not into the name.",
  });
}

// To the hour, so that most points change nothing here.
async function noteUse(tx: WriteTx, ids: readonly number[]): Promise<void> {
  await tx.run(
    `update series set last_at = $now
      where last_at < $now - ${hourMs} and id in (select id from ${rowsOf("ids", ["id"])})`,
    { now: tx.now, ids: rowList([...new Set(ids)].map((id) => [id])) },
  );
}
