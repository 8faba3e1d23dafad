import { expect, test } from "bun:test";
import { createEmitter } from "../../src/core/events.ts";
import { openGrowth } from "../../src/metrics/alerts/growth.ts";
import { type CollectParts, collectMetrics } from "../../src/metrics/collect.ts";
import type { Store } from "../../src/store/store.ts";
import { refusingVitals } from "../helpers/refusing-vitals.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const newVitals = refusingVitals();

/** What collects events of a swarm, as long as the test lasts. */
function newCollection() {
  const file = newVitals();
  const events = createEmitter();
  const over = new AbortController();
  const parts: CollectParts = {
    clock: file.clock,
    events,
    vitals: file.vitals,
    watched: async () => [],
    depths: async () => [],
    growth: openGrowth({ growthWindowMs: 1_000, warmUpMs: 0 }),
    settings: { sampleEveryMs: 5, rawKeepMs: 1e9, rollupKeepMs: 1e9, rowsMax: 1_000_000 },
  };
  const ended = collectMetrics(parts, over.signal);
  const count = async (store: Store, name: string) =>
    (await store.read((tx) =>
      tx.get<{ points: number; sum: number | null }>(
        "select count(*) as points, sum(value) as sum from metrics where name = $name",
        { name },
      ),
    ))!;
  return {
    ...file,
    happens: (times: number) => {
      for (let n = 0; n < times; n++) events.emit("agent.started", { name: `a-${n % 10}`, pid: 1 });
    },
    count: async (name: string) => count(await file.vitals(), name),
    async end(): Promise<void> {
      over.abort();
      await ended;
    },
  };
}

test("what happens while the file cannot be written waits, is bounded, and what is lost is counted", async () => {
  const { happens, count, forbid, allow, end } = newCollection();
  happens(1);
  await waitUntil("it is written", async () => (await count("agent.starts")).points === 1);
  forbid();
  happens(25_000);
  allow();
  await waitUntil("it says what is lost", async () => (await count("metrics.dropped")).points > 0);
  await end();
  const [kept, dropped] = [await count("agent.starts"), await count("metrics.dropped")];
  expect(kept.points).toBeGreaterThanOrEqual(20_000);
  expect(kept.points + dropped.sum!).toBe(25_001);
});

test("a file that is deleted loses what was in it, and nothing that comes afterwards", async () => {
  const { happens, count, remove, end } = newCollection();
  happens(10);
  await waitUntil("it is written", async () => (await count("agent.starts")).points === 10);
  remove();
  happens(7);
  await end();
  expect((await count("agent.starts")).points).toBe(7);
});

test("while the clock goes back each point is kept, at the time that it said", async () => {
  const { happens, count, clock, vitals, end } = newCollection();
  const start = clock.now();
  happens(1);
  clock.stepWall(-3_600_000);
  happens(1);
  clock.stepWall(7_200_000);
  happens(1);
  await end();
  expect((await count("agent.starts")).points).toBe(3);
  const rows = await (
    await vitals()
  ).read((tx) => tx.all<{ at: number }>("select at from metrics order by id"));
  expect(rows.map(({ at }) => at - start)).toEqual([0, -3_600_000, 3_600_000]);
});
