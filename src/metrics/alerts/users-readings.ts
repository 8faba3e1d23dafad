// What the rules of users are held against: points as they are recorded, each of them read once, and what skep's own
// rules read.
import type { Clock } from "../../core/clock.ts";
import type { ReadTx, Store } from "../../store/store.ts";
import { textList, textsIn } from "../../store/text-list.ts";
import type { Reading, Readings } from "./decide.ts";
import type { Rule } from "./rules.ts";
import { type Window, openWindow } from "./windows.ts";

/** How many of the newest points one look takes in, and the first one; a flood is not to hold up what watches over the swarm. */
export const newestMax = 20_000;
export const firstMax = 100_000;

/** What is remembered of the rules of users among `rules` from one look to the next. */
export function openUsersReadings(rules: readonly Rule[], clock: Clock) {
  const watching = rules.flatMap(({ name, reads: metric, user }) =>
    user?.points ? [{ name, metric, points: user.points, subject: user.subject }] : [],
  );
  // Rules that differ in their threshold alone look at the same.
  const alike = Map.groupBy(watching, ({ name: _, ...what }) => JSON.stringify(what));
  const watched = [...alike.values()].map(([first, ...others]) => ({
    names: [first!, ...others].map(({ name }) => name),
    metric: first!.metric,
    window: openWindow({ ...first!, among: alike.size }),
  }));
  const metrics = textList([...new Set(watched.map(({ metric }) => metric))]);
  let isReadable = true;
  /** Up to which point all is taken in; undefined before the first look. */
  let lastId: number | undefined;
  // Into which windows the points of a series go.
  let places = new Map<number, readonly Place[]>();

  function placesOf(row: Row): readonly Place[] {
    const known = places.get(row.series);
    if (known !== undefined) return known;
    const series = { ...row, tags: JSON.parse(row.tags) as Record<string, string> };
    const found = watched.flatMap(({ metric, window }) => {
      const subject = metric === row.name ? window.subjectOf(series) : undefined;
      return subject === undefined ? [] : [{ window, subject }];
    });
    places.set(row.series, found);
    return found;
  }

  return {
    /** Takes in what was recorded since the last look. Rejects when it cannot be read; then nothing is said of it. */
    async take(vitals: () => Promise<Store>): Promise<void> {
      if (watched.length === 0) return;
      isReadable = false;
      const { newestId, rows } = await (
        await vitals()
      ).read((tx) => readSince(tx, lastId, metrics));
      isReadable = true;
      // The file is another one, and counts its series anew.
      if (newestId < (lastId ?? 0)) places = new Map();
      const [now, tick] = [clock.now(), clock.tick()];
      for (const row of rows) {
        // Before the first look the clock may have been wrong and set back; since then it has only just come.
        if (lastId === undefined && row.at > now) continue;
        const ageMs = Math.max(0, now - row.at);
        for (const { window, subject } of placesOf(row))
          window.add(subject, tick - ageMs, row.value, row.unit);
      }
      lastId = newestId;
    },
    /** `readings` with those of the rules of users, by their names; and all rules with the unit of what they read. */
    among(readings: Readings): { readings: Readings; rules: readonly Rule[] } {
      if (rules.every(({ user }) => user === undefined)) return { readings, rules };
      const all = new Map<string, readonly Reading[]>(readings);
      const units = new Map<string, string>();
      for (const { name, reads, user } of rules) {
        if (user === undefined || user.points !== null) continue;
        const read = readings.get(reads);
        if (read !== undefined)
          all.set(
            name,
            user.subject === null ? read : read.filter(({ subject }) => subject === user.subject),
          );
      }
      if (isReadable)
        for (const { names, window } of watched) {
          const { readings: read, unit } = window.read(clock.tick());
          for (const name of names) {
            all.set(name, read);
            if (unit !== undefined) units.set(name, unit);
          }
        }
      return {
        readings: all,
        rules: rules.map((rule) => ({ ...rule, unit: units.get(rule.name) ?? rule.unit })),
      };
    },
  };
}

interface Place {
  window: Window;
  subject: string;
}

interface Row {
  series: number;
  name: string;
  unit: string;
  agent: string | null;
  /** A JSON object. */
  tags: string;
  at: number;
  value: number;
}

async function readSince(
  tx: ReadTx,
  lastId: number | undefined,
  metrics: string,
): Promise<{ newestId: number; rows: Row[] }> {
  const newest = await tx.get<{ id: number | null }>("select max(id) as id from points");
  const newestId = newest!.id ?? 0;
  const isFirst = lastId === undefined || lastId > newestId;
  const after = isFirst ? newestId - firstMax : Math.max(lastId, newestId - newestMax);
  // In this order, for points are found by their numbers alone.
  const rows = await tx.all<Row>(
    `select p.series, s.name, s.unit, nullif(s.agent, '') as agent, s.tags, p.at, p.value
       from points p cross join series s
      where p.id > $after and s.id = p.series and s.name in (${textsIn("metrics")}) order by p.id`,
    { after, metrics },
  );
  return { newestId, rows };
}
