// What fires while a silence lasts, and when it is over.
import { expect, test } from "bun:test";
import { ackAlert, listAlerts, silence } from "../../../src/metrics/alerts/record.ts";
import { evaluations } from "./evaluation.ts";

const { newEvaluation } = evaluations();

test("a silence that is over before the alert is has it told late, and its row says so", async () => {
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

test("a silence that outlives an alert keeps its end from being told, also when both end at once", async () => {
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

test("a silence is heeded by whoever begins in the middle of it", async () => {
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

test("a silence does not hold for ever because the clock was set back", async () => {
  const { pass, told, vitals, clock } = newEvaluation();
  await pass({});
  const made = { rule: null, subject: "a", forMs: 60_000, by: null };
  await (await vitals()).write((tx) => silence(tx, made));
  clock.stepWall(-30_000);
  await pass({ a: 5_000 });
  expect(told()).toEqual([]);
  clock.stepWall(-86_400_000);
  await pass({ a: 5_000 });
  expect(told()).toEqual(["a firing"]);
});
