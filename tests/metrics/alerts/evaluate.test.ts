// Passes over what the test says is wrong, and what becomes of them while vitals.db can or cannot be written.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, test } from "bun:test";
import { defaults } from "../../../src/config/settings.ts";
import { listAlerts } from "../../../src/metrics/alerts/record.ts";
import type { Look } from "../../../src/metrics/alerts/readings.ts";
import { rules } from "../../../src/metrics/alerts/rules.ts";
import { type Depths, evaluations } from "./evaluation.ts";
import { lookAt } from "./look-at.ts";

const { newEvaluation, newVitals } = evaluations();

const many = (count: number): Depths =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`inbox-${n}`, 5_000]));

test("the first pass after the condition tells of it, and the first after it has gone that it is over", async () => {
  // Somebody looks every 2 s, so an alert comes within 5 s of what it is about.
  expect(defaults.alerts.evaluateEveryMs).toBe(2_000);
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

test("what was refused in a time in which nobody looked is not held against one minute", async () => {
  const { pass, told, clock } = newEvaluation();
  const refused = (count: number): Partial<Look> => ({
    inboxes: lookAt(0, { a: 0 }).inboxes.map((inbox) => ({ ...inbox, refused: count })),
  });
  await pass({}, refused(0));
  // More than 10 a minute are too many; these are 4.
  clock.pass(598_000);
  for (let looks = 0; looks < 40; looks++) await pass({}, refused(40));
  expect(told()).toEqual([]);
  for (let looks = 0; looks < 40; looks++) await pass({}, refused(51));
  expect(told()).toEqual(["a firing", "a resolved"]);
  // What comes right after it is counted in full.
  clock.pass(598_000);
  await pass({}, refused(51));
  await pass({}, refused(62));
  expect(told()).toEqual(["a firing"]);
});

test("what has to hold for a while holds from when somebody looks again", async () => {
  const holds = rules.map((rule) => ({ ...rule, holdMs: 60_000 }));
  const { pass, told, clock } = newEvaluation(undefined, holds);
  await pass({ a: 5_000 });
  clock.pass(598_000);
  await pass({ a: 5_000 });
  for (let looks = 0; looks < 29; looks++) await pass({ a: 5_000 });
  expect(told()).toEqual([]);
  await pass({ a: 5_000 });
  expect(told()).toEqual(["a firing"]);
});

describe("a bus that nothing can be published on", () => {
  test("keeps nobody from being told, and gets it before what comes later, once", async () => {
    const { pass, told, published, refuse } = newEvaluation();
    refuse(true);
    await pass({ a: 5_000 });
    await pass({ a: 0 });
    await pass({ a: 0 });
    expect([told(), published()]).toEqual([["a firing", "a resolved"], []]);
    refuse(false);
    await pass({ b: 5_000 });
    expect([told(), published()]).toEqual([["b firing"], ["a firing", "a resolved", "b firing"]]);
    await pass({ b: 5_000 });
    expect([told(), published()]).toEqual([[], []]);
  });

  test("for long gets the newest thousand", async () => {
    const { pass, published, refuse } = newEvaluation();
    refuse(true);
    await pass(many(600));
    await pass({});
    refuse(false);
    await pass({});
    const words = published().map((one) => one.split(" ")[1]!);
    expect(words).toEqual([
      ...Array.from({ length: 400 }, () => "firing"),
      ...Array.from({ length: 600 }, () => "resolved"),
    ]);
  });
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
