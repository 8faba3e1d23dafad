// What counters said earlier, to this evaluation or another one.
import { expect, test } from "bun:test";
import type { Look } from "../../../src/metrics/alerts/readings.ts";
import type { HandClock } from "../../helpers/temp-bus.ts";
import { evaluations } from "./evaluation.ts";

const { newEvaluation } = evaluations();

const restarted = (restarts: Record<string, number>): Partial<Look> => ({
  agents: Object.entries(restarts).map(([name, count]) => ({
    name,
    state: "ready",
    restarts: count,
  })),
});

const ended = (acked: number, dead: number): Partial<Look> => ({
  ended: { acked, dead, expired: 0, purged: 0 },
});

test("what the first look finds since a swarm began has happened since", async () => {
  const { pass, told } = newEvaluation();
  await pass({}, restarted({ a: 3, b: 2 }));
  expect(told()).toEqual(["a firing"]);
  // A minute later it was a while ago.
  for (let turn = 0; turn < 30; turn++) await pass({}, restarted({ a: 3, b: 2 }));
  expect(told()).toEqual(["a resolved"]);
});

test("a count goes on when another one looks on, whose own counts begin anew", async () => {
  const first = newEvaluation();
  for (let turn = 1; turn <= 10; turn++)
    await first.pass({}, { ...restarted({ a: Math.min(turn, 2) }), ...ended(100, 5) });
  expect(first.told()).toEqual([]);
  const second = newEvaluation(first);
  await second.pass({}, { ...restarted({ a: 1 }), ...ended(110, 6) });
  expect(second.told()).toEqual(["a firing"]);
  // 26 more of 20 were given up, among them one since the other one ended.
  await second.pass({}, { ...restarted({ a: 1 }), ...ended(110, 26) });
  expect(second.told()).toEqual(["bus firing", "bus firing"]);
});

test.each([
  ["longer ago than half a minute", (clock: HandClock) => clock.pass(40_000)],
  ["before the machine started anew", (clock: HandClock) => (clock.boot = "second boot")],
])("what happened %s does not count", async (_, wait) => {
  const first = newEvaluation();
  for (let turn = 1; turn <= 10; turn++) await first.pass({}, restarted({ a: 2 }));
  wait(first.clock);
  const second = newEvaluation(first);
  await second.pass({}, restarted({ a: 1 }));
  expect([first.told(), second.told()]).toEqual([[], []]);
});

test("what counters said is kept for the longest window, and no longer", async () => {
  const { pass, vitals } = newEvaluation();
  for (let turn = 0; turn < 400; turn++) await pass({});
  const row = await (
    await vitals()
  ).read((tx) => tx.get<{ count: number }>("select count(*) as count from looks"));
  // Five minutes at a look every 10 s.
  expect(row!.count).toBeLessThanOrEqual(32);
  expect(row!.count).toBeGreaterThanOrEqual(30);
});
