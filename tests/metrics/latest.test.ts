import assert from "node:assert/strict";
import { test } from "node:test";
import { latestMs, latestPoints, processesMax, usersMax } from "../../src/metrics/latest.ts";
import type { Point } from "../../src/metrics/point.ts";
import { type Measured, recordPoints } from "../../src/metrics/record.ts";
import type { Store } from "../../src/store/store.ts";
import { pointOf, vitalsStores } from "./vitals.ts";

const newStore = vitalsStores();

async function newLatest() {
  const { clock, store } = await newStore();
  const record = (...points: Measured[]) => store.write((tx) => recordPoints(tx, points));
  const values = async () =>
    (await latestPoints(store)).users.map(({ name, value, agent, tags }) => [
      name,
      value,
      agent,
      { ...tags },
    ]);
  return { clock, store, record, values };
}

test("of each series the last value is told, when it came of late", async () => {
  const { clock, record, values } = await newLatest();
  await record(pointOf("old", 1));
  clock.pass(latestMs);
  await record(
    pointOf("build.time", 1),
    pointOf("build.time", 7, { agent: "ada" }),
    pointOf("build.time", 3, { tags: { phase: "link" } }),
  );
  await record(pointOf("build.time", 2));
  assert.deepEqual(await values(), [
    ["build.time", 2, null, {}],
    ["build.time", 7, "ada", {}],
    ["build.time", 3, null, { phase: "link" }],
  ]);
});

test("the last value is the one that was measured last, not the one that came last", async () => {
  const { clock, record, values } = await newLatest();
  const at = clock.now();
  await record({ ...pointOf("x", 2), at });
  await record({ ...pointOf("x", 1), at: at - 1 }, { ...pointOf("x", 0), at: at - 120_000 });
  assert.deepEqual(await values(), [["x", 2, null, {}]]);
  await record({ ...pointOf("x", 3), at });
  assert.deepEqual(await values(), [["x", 3, null, {}]]);
});

test("a value that a clock set wrong put into the future is not the last one", async () => {
  const { clock, record, values } = await newLatest();
  await record({ ...pointOf("x", 1), at: clock.now() + 3_600_000 });
  assert.deepEqual(await values(), []);
  await record(pointOf("x", 2));
  assert.deepEqual(await values(), [["x", 2, null, {}]]);
});

test("a series is told however many points others got after it", async () => {
  const { clock, store, record, values } = await newLatest();
  await record(pointOf("quiet", 1), pointOf("busy", 1));
  clock.pass(latestMs - 1_000);
  // As many as it would once have looked at, and one more.
  await store.write((tx) =>
    tx.run(
      `with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n <= 50000)
       insert into points (at, series, value) select $now, 2, n from numbers`,
      { now: tx.now },
    ),
  );
  await record(pointOf("busy", 2));
  assert.deepEqual(await values(), [
    ["quiet", 1, null, {}],
    ["busy", 2, null, {}],
  ]);
});

test("so many of each kind are told, and the others are counted", async () => {
  const { store, record } = await newLatest();
  await record(
    ...pointsOf(processesMax + 3, (n) => ({ name: "process.memory", agent: `w-${n}` })),
    ...pointsOf(usersMax + 4, (n) => ({
      name: `job.size_${n % 11}`,
      tags: { id: `${n}` },
    })),
    // Of skep's own only processes are told, and how long the start took.
    pointOf("agent.restarts", 1),
    pointOf("swarm.start_time", 71),
  );
  const { processes, users, startMs, leftOut } = await latestPoints(store);
  assert.equal(startMs, 71);
  assert.deepEqual(
    [processes.length, users.length, leftOut],
    [processesMax, usersMax, { processes: 3, users: 4 }],
  );
  assert.equal(new Set(processes.map(({ agent }) => agent)).size, processesMax);
});

test("what was rolled up before the last value was noted is left out until the next point", async () => {
  const { store, record, values } = await newLatest();
  await record(pointOf("x", 1), pointOf("y", 1));
  await forgetLast(store);
  await record(pointOf("x", 2));
  assert.deepEqual(await values(), [["x", 2, null, {}]]);
});

function pointsOf(count: number, make: (n: number) => Partial<Point> & { name: string }): Point[] {
  return Array.from({ length: count }, (_, n) => {
    const { name, ...rest } = make(n);
    return pointOf(name, n, rest);
  });
}

function forgetLast(store: Store): Promise<unknown> {
  return store.write((tx) => tx.run("update rollups set last_value = null, last_at = null"));
}
