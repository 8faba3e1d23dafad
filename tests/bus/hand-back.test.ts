import assert from "node:assert/strict";
import { test } from "node:test";
import { handBack, handBackAll } from "../../src/bus/hand-back.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { ledgerOf, put, take, takeOne } from "./verbs.ts";

const { handBus } = tempBuses();

test("what a dead holder had is ready again at once, in all its inboxes, and nobody else's is touched", async () => {
  const bus = await handBus();
  for (const inbox of ["a1", "a2"]) for (let n = 0; n < 2; n++) await put(bus, inbox);
  for (const inbox of ["a1", "a2"]) await takeOne(bus, inbox, { holder: "w1" });
  await takeOne(bus, "a1", { holder: "w2" });
  const count = await bus.store.write((tx) => handBack(tx, bus.settings, "w1", "died", "killed"));
  assert.equal(count, 2);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 1, leased: 1 });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a2"), { ready: 2, leased: 0 });
});

test("a holder without leases has nothing to hand back", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  await takeOne(bus, "a1", { holder: null });
  const work = bus.store.write((tx) => handBack(tx, bus.settings, "w1", "died", "killed"));
  assert.equal(await work, 0);
});

test("the death of its holder costs an attempt; being stopped does not", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  const attempts = [];
  for (const ending of ["returned", "returned", "died", "returned"] as const) {
    attempts.push((await takeOne(bus, "a1", { holder: "w1" })).attempt);
    await bus.store.write((tx) => handBack(tx, bus.settings, "w1", ending, "why"));
  }
  attempts.push((await takeOne(bus, "a1")).attempt);
  assert.deepEqual(attempts, [1, 1, 1, 2, 2]);
});

test("however often it is stopped at its last attempt, a delivery does not die of it", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  await put(bus, "a1");
  for (let n = 0; n < 5; n++) {
    await takeOne(bus, "a1", { holder: "w1" });
    await bus.store.write((tx) => handBack(tx, bus.settings, "w1", "returned", "stopped"));
  }
  assert.equal((await takeOne(bus, "a1")).attempt, 1);
});

test("what was in flight together when its holder was stopped may be claimed together again", async () => {
  const bus = await handBus();
  for (let n = 0; n < 3; n++) await put(bus, "a1");
  await take(bus, "a1", { holder: "w1" });
  await bus.store.write((tx) => handBack(tx, bus.settings, "w1", "returned", "stopped"));
  assert.equal((await take(bus, "a1")).length, 3);
});

test("all leases can be handed back, whoever has them, and no attempt is spent", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  for (const inbox of ["a1", "a2"]) await put(bus, inbox);
  await takeOne(bus, "a1", { holder: "w1" });
  await takeOne(bus, "a2", { holder: null });
  assert.equal(await bus.store.write((tx) => handBackAll(tx, bus.settings, "stopped")), 2);
  for (const inbox of ["a1", "a2"]) assert.equal((await takeOne(bus, inbox)).attempt, 1);
});
