import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffMs } from "../../src/bus/give-back.ts";
import { handBack } from "../../src/bus/hand-back.ts";
import { nackTx } from "../../src/bus/settle.ts";
import type { WriteTx } from "../../src/store/store.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { nack, put, takeOne } from "./verbs.ts";
import { ringsAfter } from "./waiting.ts";

const { handBus } = tempBuses();

const settings = { backoffMinMs: 1_000, backoffMaxMs: 60_000 };
const most = (attempt: number) => backoffMs(settings, attempt, 1);

test("the longest backoff doubles with each failure until it is the longest allowed", () => {
  const ceilings = [1, 2, 3, 4, 5, 6, 7].map(most);
  assert.deepEqual(ceilings, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  assert.equal(most(1_000_000), 60_000);
});

test("no backoff is shorter than the least, whatever the dice say", () => {
  for (const attempt of [1, 2, 10, 1_000_000]) assert.equal(backoffMs(settings, attempt, 0), 1_000);
});

test("backoffs are spread over the whole range, from the first failure on", () => {
  for (const attempt of [1, 3]) {
    const spread = Array.from({ length: 500 }, () => backoffMs(settings, attempt));
    assert.ok(spread.every(Number.isInteger));
    assert.ok(Math.min(...spread) >= 1_000);
    assert.ok(Math.max(...spread) <= most(attempt));
    assert.ok(new Set(spread).size > 200);
  }
});

test("with a least of nothing there is no backoff, however often it failed", () => {
  const none = { backoffMinMs: 0, backoffMaxMs: 60_000 };
  for (const attempt of [1, 2_000, 1_000_000]) assert.equal(backoffMs(none, attempt), 0);
});

test("a delivery dies at its last attempt, with the reason that the last holder gave", async () => {
  const bus = await handBus({ maxAttempts: 3 });
  await put(bus, "a1");
  const states = [];
  for (const reason of ["first", "second", "no such file"]) {
    const { receipt } = await takeOne(bus, "a1");
    states.push((await nack(bus, receipt, { delayMs: 0, reason })).state);
  }
  assert.deepEqual(states, ["ready", "ready", "dead"]);
  assert.deepEqual(await bus.store.read((tx) => tx.all("select reason from dead_letters")), [
    { reason: "gave up after 3 attempts; the last one was refused: no such file" },
  ]);
});

test("every attempt that failed is on record, with its holder, its times and its reason", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  const began = bus.clock.now();
  const one = await takeOne(bus, "a1", { holder: "w1" });
  bus.clock.pass(10);
  await nack(bus, one.receipt, { delayMs: 0, reason: "busy" });
  await takeOne(bus, "a1", { holder: "w2" });
  bus.clock.pass(10);
  await bus.store.write((tx) => handBack(tx, bus.settings, "w2", "died", "killed by signal 9"));
  await takeOne(bus, "a1", { holder: "w3", leaseMs: 10 });
  bus.clock.pass(10);
  await takeOne(bus, "a1", { holder: null });
  assert.deepEqual(
    await bus.store.read((tx) => tx.all("select * from attempts order by epoch")),
    [
      ["w1", 0, 10, "nacked", "busy"],
      ["w2", 10, 20, "died", "killed by signal 9"],
      ["w3", 20, 30, "expired", null],
    ].map(([holder, claimed, ended, outcome, reason], n) => ({
      delivery_id: 1,
      epoch: n + 1,
      holder,
      claimed_at: began + (claimed as number),
      ended_at: began + (ended as number),
      outcome,
      reason,
    })),
  );
});

test("what is given back rings whoever waits, as soon as it is ready and not before", async () => {
  for (const [delayMs, rings] of [
    [0, 1],
    [1_000, 0],
  ] as const) {
    const bus = await handBus();
    await put(bus, "a1");
    const { receipt } = await takeOne(bus, "a1");
    const giveBack = (tx: WriteTx) => nackTx(tx, bus.settings, receipt, { delayMs });
    assert.equal(await ringsAfter(bus, "a1", giveBack), rings);
  }
});
