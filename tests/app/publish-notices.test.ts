// Alerts of a bus that takes them late, or never.
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { openAlerts } from "../../src/app/alerts.ts";
import { openGrowth } from "../../src/metrics/alerts/growth.ts";
import type { Notice } from "../../src/notify/notice.ts";
import type { Store } from "../../src/store/store.ts";
import { type Place, swarmPlaces } from "../agents/swarm-place.ts";
import { jsonLines } from "../end-to-end/json.ts";

const newPlace = swarmPlaces();

/** The alerts of a place without a supervisor, looked for by this process, which waits for no lock. */
function alertsHere({ app }: Place, bodyBytesMax = app.settings.bus.bodyBytesMax) {
  const told: string[] = [];
  const store: Store = {
    ...app.store,
    write: (fn, options) => app.store.write(fn, { ...options, timeoutMs: 20 }),
  };
  const alerts = { ...app.settings.alerts, queueDepthMax: 2, diskFreeMin: 0 };
  const evaluation = openAlerts({
    ...app,
    bus: { ...app.bus, store, settings: { ...app.bus.settings, bodyBytesMax } },
    settings: { ...app.settings, alerts },
    growth: openGrowth(alerts),
    notifier: { tell: (notices) => void told.push(...notices.map(wordsOf)) },
  });
  return { told, pass: () => evaluation.pass() };
}

/** What lies in the inbox ops of what was published. */
async function publishedIn({ skep }: Place): Promise<string[]> {
  const { stdout } = await skep(["peek", "ops", "--max", "100"]);
  return jsonLines(stdout).map(({ body }) => wordsOf(JSON.parse(String(body)) as Notice));
}

const wordsOf = ({ rule, subject, state }: Notice) => `${rule} ${subject} ${state}`;

test("what a lock keeps from being published is told at once, and published once the lock is gone", async () => {
  const place = await newPlace();
  await place.skep(["subscribe", "alerts", "ops"]);
  for (const body of ["1", "2", "3"]) await place.send("a", body);
  const { told, pass } = alertsHere(place);
  const other = new Database(join(place.home, "bus.db"));
  other.exec("begin immediate");
  await pass();
  expect(told).toEqual(["queue-depth a firing"]);
  other.exec("rollback");
  other.close();
  expect(await publishedIn(place)).toEqual([]);
  await place.skep(["purge", "a", "--yes"]);
  await pass();
  const both = ["queue-depth a firing", "queue-depth a resolved"];
  expect(told).toEqual(both);
  expect(await publishedIn(place)).toEqual(both);
});

test("an alert that is longer than a body may be keeps no other one back", async () => {
  const place = await newPlace();
  await place.skep(["subscribe", "alerts", "ops"]);
  const long = "b".repeat(60);
  for (const inbox of ["a", long])
    for (const body of ["1", "2", "3"]) await place.send(inbox, body);
  const { told, pass } = alertsHere(place, 200);
  await pass();
  expect(told).toEqual(["queue-depth a firing", `queue-depth ${long} firing`]);
  expect(await publishedIn(place)).toEqual(["queue-depth a firing"]);
});
