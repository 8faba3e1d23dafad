import assert from "node:assert/strict";
import { test } from "node:test";
import { latestMs, latestPoints } from "../../src/metrics/latest.ts";
import { recordPoints } from "../../src/metrics/record.ts";
import { pointOf, vitalsStores } from "./vitals.ts";

const newStore = vitalsStores();

test("of each series the last value is told, when it came of late", async () => {
  const { clock, store } = await newStore();
  const record = (...points: Parameters<typeof recordPoints>[1]) =>
    store.write((tx) => recordPoints(tx, points));
  await record(pointOf("old", 1));
  clock.pass(latestMs);
  await record(
    pointOf("build.time", 1),
    pointOf("build.time", 7, { agent: "ada" }),
    pointOf("build.time", 3, { tags: { phase: "link" } }),
  );
  await record(pointOf("build.time", 2));
  const found = await store.read(latestPoints);
  assert.deepEqual(
    found.map(({ name, value, agent, tags }) => [name, value, agent, { ...tags }]),
    [
      ["build.time", 2, null, {}],
      ["build.time", 7, "ada", {}],
      ["build.time", 3, null, { phase: "link" }],
    ],
  );
});
