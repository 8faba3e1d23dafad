// Passes over what the test says is wrong, and what becomes of them while vitals.db can or cannot be written.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { describe, expect, test } from "bun:test";
import { defaults } from "../../../src/config/settings.ts";
import { openEvaluation } from "../../../src/metrics/alerts/evaluate.ts";
import { openGrowth } from "../../../src/metrics/alerts/growth.ts";
import { ackAlert, listAlerts, silence } from "../../../src/metrics/alerts/record.ts";
import { type DisposableStore, disposableStore } from "../../../src/store/disposable.ts";
import type { Connection, Driver } from "../../../src/store/driver.ts";
import { vitalsFile } from "../../../src/store/files.ts";
import { openStore } from "../../../src/store/open.ts";
import { handClock } from "../../helpers/temp-bus.ts";
import { tempHomes } from "../../helpers/temp-home.ts";
import { testDriver } from "../../helpers/test-driver.ts";
import { lookAt } from "./looks.ts";

const tempHome = tempHomes();
const opened: DisposableStore[] = [];
after(async () => {
  for (const store of opened) await store.close();
});

type Depths = Record<string, number>;

/** A vitals.db that can be made to refuse, as SQLite itself refuses. */
function newVitals() {
  const [clock, home] = [handClock(), tempHome()];
  const connections: Connection[] = [];
  const driver: Driver = {
    open(path, options) {
      const connection = testDriver.open(path, options);
      connections.push(connection);
      return connection;
    },
  };
  const how = { home, file: vitalsFile, driver, clock, durability: "process" } as const;
  const path = join(home, vitalsFile.name);
  const disposable = disposableStore(path, () => openStore({ ...how, busyTimeoutMs: 5_000 }));
  opened.push(disposable);
  const all = (sql: string) => {
    for (const connection of connections) connection.exec(sql);
  };
  return {
    clock,
    path,
    vitals: () => disposable.store(),
    /** It may grow by no page more, until there is `room` again. */
    fill: () => all("pragma max_page_count = 1"),
    room: () => all("pragma max_page_count = 1000000"),
    forbid: () => all("pragma query_only = on"),
    allow: () => all("pragma query_only = off"),
    remove: () => {
      for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
    },
  };
}

/** An evaluation of what lies in inboxes, of which more than 1,000 is too much. */
function newEvaluation(file = newVitals()) {
  const { clock } = file;
  const told: string[] = [];
  let depths: Depths = {};
  const settings = { ...defaults.alerts, cooldownMs: 0 };
  const evaluation = openEvaluation({
    clock,
    vitals: file.vitals,
    look: async () => lookAt(clock.tick(), depths),
    growth: openGrowth(settings),
    async tell(transitions) {
      for (const { subject, state } of transitions) told.push(`${subject} ${state}`);
    },
    settings,
  });
  return {
    ...file,
    /** What was told since it was last asked. */
    told: () => told.splice(0),
    /** A pass, 2 s after the one before, with so much in the inboxes. */
    async pass(now: Depths): Promise<void> {
      depths = now;
      clock.pass(2_000);
      await evaluation.pass();
    },
    async rows(): Promise<string[]> {
      const alerts = await (await file.vitals()).read((tx) => listAlerts(tx, 10_000));
      return alerts.map(({ subject, state }) => `${subject} ${state}`).sort();
    },
  };
}

const many = (count: number): Depths =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`inbox-${n}`, 5_000]));

test("the first pass after the condition tells of it, and the first after it has gone that it is over", async () => {
  const { pass, told, rows } = newEvaluation();
  await pass({ a: 1_000 });
  expect(told()).toEqual([]);
  await pass({ a: 1_001 });
  expect(told()).toEqual(["a firing"]);
  await pass({ a: 1_001 });
  expect(told()).toEqual([]);
  await pass({ a: 0 });
  expect([told(), await rows()]).toEqual([["a resolved"], ["a resolved"]]);
});

test("whoever begins where another one left off tells of nothing twice, and of its end", async () => {
  const first = newEvaluation();
  await first.pass({ a: 5_000 });
  const second = newEvaluation(first);
  await second.pass({ a: 5_000 });
  expect(second.told()).toEqual([]);
  await second.pass({ a: 0 });
  expect([second.told(), await second.rows()]).toEqual([["a resolved"], ["a resolved"]]);
});

describe("a vitals.db", () => {
  test("that is damaged from the start keeps nothing from being told, and gets it once it is another", async () => {
    const file = newVitals();
    mkdirSync(dirname(file.path), { mode: 0o700 });
    writeFileSync(file.path, "x".repeat(5_000));
    const { pass, told, rows, remove, vitals, clock } = newEvaluation(file);
    await pass({ a: 5_000, b: 5_000 });
    const firedAt = clock.now();
    await pass({ a: 5_000, b: 0 });
    expect(told()).toEqual(["a firing", "b firing", "b resolved"]);
    remove();
    await pass({ a: 5_000 });
    expect([told(), await rows()]).toEqual([[], ["a firing", "b resolved"]]);
    const [alert] = await (await vitals()).read((tx) => listAlerts(tx));
    expect([alert!.firedAt, alert!.value]).toEqual([firedAt, 5_000]);
  });

  test("that is deleted while it is open gets what fires again, and nothing is told twice", async () => {
    const { pass, told, rows, remove } = newEvaluation();
    await pass({ a: 5_000, b: 5_000 });
    await pass({ a: 5_000 });
    expect(told()).toEqual(["a firing", "b firing", "b resolved"]);
    remove();
    await pass({ a: 5_000 });
    expect([told(), await rows()]).toEqual([[], ["a firing"]]);
    await pass({});
    expect([told(), await rows()]).toEqual([["a resolved"], ["a resolved"]]);
  });

  test.each(["fill", "forbid"] as const)(
    "that cannot be written (%s) keeps nothing from being told, and gets it later",
    async (how) => {
      const evaluation = newEvaluation();
      const { pass, told, rows } = evaluation;
      await pass({ first: 5_000 });
      evaluation[how]();
      await pass({ first: 5_000, ...many(100) });
      expect(told()).toHaveLength(101);
      expect(await rows()).toEqual(["first firing"]);
      await pass({ first: 5_000, "inbox-7": 5_000 });
      expect(told()).toHaveLength(99);
      evaluation[how === "fill" ? "room" : "allow"]();
      await pass({ first: 5_000, "inbox-7": 5_000 });
      expect(told()).toEqual([]);
      const after = await rows();
      expect(after.filter((row) => row.endsWith("firing"))).toEqual([
        "first firing",
        "inbox-7 firing",
      ]);
      expect(after).toHaveLength(101);
    },
  );

  test("that cannot be written for long gets all that fires, and the newest thousand of what was over", async () => {
    const { pass, rows, forbid, allow } = newEvaluation();
    await pass({});
    forbid();
    await pass({ old: 5_000 });
    for (let turn = 0; turn < 3; turn++) {
      await pass({ old: 5_000, ...many(400) });
      await pass({ old: 5_000 });
    }
    allow();
    await pass({ old: 5_000 });
    const after = await rows();
    // A beginning and an end each of 500 are what a thousand have room for.
    expect(after.filter((row) => row.endsWith("firing"))).toEqual(["old firing"]);
    expect(after.length).toBeGreaterThan(400);
    expect(after.length).toBeLessThanOrEqual(1_001);
  });
});

describe("a silence", () => {
  test("that is over before the alert is has it told late, and its row says so", async () => {
    const { pass, told, vitals } = newEvaluation();
    await pass({});
    const made = { rule: "queue-depth", subject: null, forMs: 5_000, by: "tom" };
    await (await vitals()).write((tx) => silence(tx, made));
    await pass({ a: 5_000 });
    await pass({ a: 5_000 });
    expect(told()).toEqual([]);
    const firing = async () => (await (await vitals()).read((tx) => listAlerts(tx)))[0];
    const before = await firing();
    expect(before!.silenced).toBe(true);
    await (await vitals()).write((tx) => ackAlert(tx, before!.id, "tom"));
    await pass({ a: 5_000 });
    expect(told()).toEqual(["a firing"]);
    expect(await firing()).toEqual({
      ...before!,
      silenced: false,
      ackedBy: "tom",
      ackedAt: expect.any(Number),
    });
    await pass({ a: 5_000 });
    await pass({});
    expect(told()).toEqual(["a resolved"]);
  });

  test("that outlives an alert keeps its end from being told, also when both end at once", async () => {
    const { pass, told, vitals } = newEvaluation();
    await pass({});
    const made = { rule: null, subject: "a", forMs: 5_000, by: null };
    await (await vitals()).write((tx) => silence(tx, made));
    await pass({ a: 5_000, b: 5_000 });
    expect(told()).toEqual(["b firing"]);
    await pass({ a: 5_000 });
    await pass({});
    expect(told()).toEqual(["b resolved"]);
  });

  test("is heeded by whoever begins in the middle of it", async () => {
    const first = newEvaluation();
    await first.pass({});
    const made = { rule: null, subject: "a", forMs: 5_000, by: null };
    await (await first.vitals()).write((tx) => silence(tx, made));
    await first.pass({ a: 5_000 });
    const second = newEvaluation(first);
    await second.pass({ a: 5_000 });
    expect(second.told()).toEqual([]);
    await second.pass({ a: 5_000 });
    expect(second.told()).toEqual(["a firing"]);
  });
});
