// What a publish to 500 subscribers costs, beside the bare insert of as many rows.
import { Database } from "bun:sqlite";
import { join } from "node:path";
import type { Bus } from "../src/bus/bus.ts";
import { publish } from "../src/bus/publish.ts";
import { subscribeTx } from "../src/bus/subscribe.ts";
import type { Bench } from "./bench.ts";
import { type Figure, median } from "./figure.ts";
import { body, closeBenchBus, monotonicMs, openBenchBus, withHome } from "./home.ts";

const subscribers = 500;
const others = 100_000;

export const publishing: Bench = {
  name: "publish",
  summary: `a publish to ${subscribers} subscribers, from the call to the commit (medians)`,
  async run({ rounds, small, say }) {
    return await withHome(async (home) =>
      withHome(async (crowdedHome) => {
        const bus = await openBenchBus(home);
        const crowded = await openBenchBus(crowdedHome);
        const raw = openRaw(join(home, "raw.db"));
        await subscribeAll(bus);
        await subscribeAll(crowded);
        say(`subscribing to ${others} other topics`);
        await crowd(crowded, small ? 100 : others);
        const ways = [() => tell(bus), raw.insert, () => tell(crowded)];
        const count = small ? 3 : 50;
        // Statements are prepared and code is compiled before anything is measured.
        await msOf(ways, Math.min(count, 10));
        const plain: Figure = {
          name: `publish to ${subscribers}`,
          unit: "ms",
          wanted: "less",
          ours: [],
          reference: { name: `insert of ${subscribers + 1} rows`, values: [] },
          target: { of: "value", limit: 10 },
        };
        const among: Figure = {
          name: `among ${others} other subscriptions`,
          unit: "ms",
          wanted: "less",
          ours: [],
          reference: { name: "without them", values: [] },
          target: { of: "ratio", limit: 1.5 },
        };
        for (let round = 1; round <= rounds; round++) {
          say(`round ${round} of ${rounds}`);
          const [ours, rawMs, crowdedMs] = await msOf(ways, count);
          plain.ours.push(ours!);
          plain.reference!.values.push(rawMs!);
          among.ours.push(crowdedMs!);
          among.reference!.values.push(ours!);
        }
        raw.close();
        await closeBenchBus(bus);
        await closeBenchBus(crowded);
        return [plain, among];
      }),
    );
  },
};

/** The medians of `count` runs of each of `ways`, in turn, in milliseconds. */
async function msOf(ways: readonly (() => unknown)[], count: number): Promise<number[]> {
  const spentMs: number[][] = ways.map(() => []);
  for (let i = 0; i < count; i++)
    for (const [index, way] of ways.entries()) {
      const start = monotonicMs();
      await way();
      spentMs[index]!.push(monotonicMs() - start);
    }
  return spentMs.map(median);
}

async function tell(bus: Bus): Promise<void> {
  const options = { from: "ada", onFull: "fail", timeoutMs: 0 } as const;
  const { deliveries } = await publish(bus, { topic: "build.linux.failed", body }, options);
  if (deliveries !== subscribers) throw new Error(`${deliveries} got it`);
}

async function subscribeAll({ store }: Bus): Promise<void> {
  await store.write(async (tx) => {
    for (let n = 0; n < subscribers; n++) await subscribeTx(tx, "build.*.failed", `a${n}`);
  });
}

async function crowd({ store }: Bus, count: number): Promise<void> {
  await store.write((tx) =>
    tx.run(
      `with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < $count)
       insert into subscriptions (pattern, inbox, created_at)
       select 'other' || n || '.>', 'a' || n % $subscribers, $now from numbers`,
      { count, subscribers, now: tx.now },
    ),
  );
}

/** A database with nothing to it but the rows and the one index that deliveries cannot do without. */
function openRaw(path: string) {
  const db = new Database(path, { create: true, readwrite: true, strict: true });
  for (const sql of [
    "pragma page_size = 2048",
    "pragma journal_mode = wal",
    "pragma synchronous = normal",
    "create table letters (id integer primary key, body blob not null) strict",
    "create table copies (id integer primary key, letter integer not null, inbox text not null) strict",
    "create index copies_inbox on copies (inbox, id)",
  ])
    db.run(sql);
  const letter = db.prepare("insert into letters (body) values ($body)");
  const copy = db.prepare("insert into copies (letter, inbox) values ($letter, $inbox)");
  const insert = db.transaction(() => {
    const { lastInsertRowid } = letter.run({ body });
    for (let n = 0; n < subscribers; n++) copy.run({ letter: lastInsertRowid, inbox: `a${n}` });
  });
  return { insert: () => insert.immediate(), close: () => db.close() };
}
