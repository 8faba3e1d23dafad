// Measured: what the points of a window come to, or where they are gone by now, the roll-ups of its minutes.
import type { ReadTx } from "../store/store.ts";
import type { Grouping, Reported } from "./deliveries.ts";
import {
  type Values,
  type Window,
  addOne,
  addRolled,
  figuresOf,
  noValues,
  partOf,
} from "./figures.ts";
import type { Histogram } from "./histogram.ts";

export interface MeasuredReport {
  /** `points` are exact; of `rollups` percentiles are within the error of their histograms, and the window begins with a minute. */
  source: "points" | "rollups";
  figures: Reported[];
}

/** What was measured in `window`. */
export async function reportMeasured(
  tx: ReadTx,
  window: Window,
  by: Grouping,
): Promise<MeasuredReport> {
  const source = (await reachesBack(tx, window)) ? "points" : "rollups";
  const values = source === "points" ? await readPoints(tx, window) : await readRollups(tx, window);
  const groups = new Map<string, { named: Named; values: Values }>();
  for (const series of await tx.all<Series>("select id, name, unit, agent, tags from series")) {
    const ofSeries = values.get(series.id);
    if (ofSeries === undefined) continue;
    const named = { name: series.name, unit: series.unit, group: groupOf(series, by) };
    const key = JSON.stringify([named.name, named.unit, named.group]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { named, values: ofSeries });
    else add(group.values, ofSeries);
  }
  const figures = [...groups.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { named, values: all }]) => ({ ...named, ...figuresOf(all, window) }));
  return { source, figures };
}

interface Series {
  id: number;
  name: string;
  unit: string;
  agent: string;
  tags: string;
}

type Named = Pick<Reported, "name" | "unit" | "group">;

function groupOf({ agent, tags }: Series, by: Grouping): string | null {
  if (by === "name") return null;
  if (by === "agent") return agent === "" ? null : agent;
  return (JSON.parse(tags) as Record<string, string>)[by] ?? null;
}

/** Whether no point of the window has been forgotten. */
async function reachesBack(tx: ReadTx, { since }: Window): Promise<boolean> {
  const oldest = await tx.get<{ at: number; id: number }>(
    "select id, at from points order by id limit 1",
  );
  // The first that ever was: nothing was before it.
  if (oldest !== undefined && (oldest.id === 1 || oldest.at <= since)) return true;
  const rolled = await tx.get("select 1 from rollups where minute >= $since limit 1", { since });
  return rolled === undefined;
}

async function readPoints(tx: ReadTx, window: Window): Promise<Map<number, Values>> {
  const rows = await tx.all<{ series: number; at: number; value: number }>(
    "select series, at, value from points where at > $since and at <= $until",
    { since: window.since, until: window.until },
  );
  const all = new Map<number, Values>();
  for (const { series, at, value } of rows) {
    let values = all.get(series);
    if (values === undefined) all.set(series, (values = noValues()));
    addOne(values, value, partOf(window, at));
  }
  return all;
}

async function readRollups(tx: ReadTx, window: Window): Promise<Map<number, Values>> {
  const rows = await tx.all<Rollup>(
    `select series, minute, count, sum, least, most, histogram from rollups
      where minute > $since - 60000 and minute <= $until`,
    { since: window.since, until: window.until },
  );
  const all = new Map<number, Values>();
  for (const { series, minute, histogram, ...rolled } of rows) {
    const values = all.get(series) ?? noValues();
    all.set(series, values);
    const buckets = JSON.parse(histogram) as Histogram;
    addRolled(values, { ...rolled, histogram: buckets }, partOf(window, minute));
  }
  return all;
}

interface Rollup {
  series: number;
  minute: number;
  count: number;
  sum: number;
  least: number;
  most: number;
  histogram: string;
}

function add(values: Values, other: Values): void {
  values.each = values.each.concat(other.each);
  const { count, sum, min: least, max: most, histogram } = other;
  addRolled(values, { count, sum, least, most, histogram }, 0);
  values.sums[0]! -= sum;
  values.counts[0]! -= count;
  for (let part = 0; part < values.sums.length; part++) {
    values.sums[part]! += other.sums[part]!;
    values.counts[part]! += other.counts[part]!;
  }
}
