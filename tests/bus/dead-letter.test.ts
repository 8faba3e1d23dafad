import assert from "node:assert/strict";
import { test } from "node:test";
import { deadLetter } from "../../src/bus/dead-letter.ts";
import { handBack } from "../../src/bus/hand-back.ts";
import { parkAll } from "../../src/bus/park.ts";
import { trace } from "../../src/bus/trace.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { ledgerOf, nack, put, take, takeOne } from "./verbs.ts";

const { handBus } = tempBuses();

const reasons = async ({ store }: HandBus) =>
  (await store.read((tx) => tx.all<{ reason: string }>("select reason from dead_letters"))).map(
    ({ reason }) => reason,
  );

test("a dead letter keeps all that is needed to look into it", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  await put(bus, "a1", "poison", { priority: 7 });
  const { receipt } = await takeOne(bus, "a1", { holder: "w1" });
  bus.clock.pass(5);
  await nack(bus, receipt, { reason: "bad JSON" });
  assert.deepEqual(await bus.store.read((tx) => tx.get("select * from dead_letters")), {
    delivery_id: 1,
    message_id: 1,
    inbox: "a1",
    reason: "gave up after 1 attempt; the last one was refused: bad JSON",
    attempt: 1,
    epoch: 1,
    priority: 7,
    bytes: 6,
    holder: "w1",
    died_at: bus.clock.now(),
  });
  assert.deepEqual((await bus.store.read((tx) => trace(tx, 1))).deliveries[0]?.state, "dead");
});

test("a message whose holder dies each time ends there", async () => {
  const bus = await handBus({ maxAttempts: 2 });
  await put(bus, "a1");
  for (let n = 0; n < 2; n++) {
    await takeOne(bus, "a1", { holder: "w1" });
    await bus.store.write((tx) => handBack(tx, bus.settings, "w1", "died", "killed"));
  }
  assert.deepEqual(await take(bus, "a1"), []);
  assert.deepEqual(await reasons(bus), [
    "gave up after 2 attempts; the last one lost its holder: killed",
  ]);
});

test("a message that outlives its lease each time ends there", async () => {
  const bus = await handBus({ maxAttempts: 2 });
  await put(bus, "a1");
  for (let n = 0; n < 2; n++) {
    await takeOne(bus, "a1", { leaseMs: 1_000 });
    bus.clock.pass(1_000);
  }
  assert.deepEqual(await take(bus, "a1"), []);
  assert.deepEqual(await reasons(bus), [
    "gave up after 2 attempts; the last one outlived its lease",
  ]);
});

test("a request that dies gives up the slot of its answer", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  await put(bus, "a1", "?", { replyTo: "a2" });
  assert.equal((await ledgerOf(bus, "a2"))?.reserved, 1);
  const { receipt } = await takeOne(bus, "a1");
  await nack(bus, receipt);
  assert.equal((await ledgerOf(bus, "a2"))?.reserved, 0);
});

test("a delivery can die in any state, and takes its weight off the inbox", async () => {
  const bus = await handBus();
  for (const inbox of ["a1", "a2", "a3", "a4"]) await put(bus, inbox, "12345", { replyTo: "back" });
  await takeOne(bus, "a2");
  await nack(bus, (await takeOne(bus, "a3")).receipt);
  const kill = (id: number) => bus.store.write((tx) => deadLetter(tx, id, "somebody said so"));
  for (const id of [1, 2, 3]) await kill(id);
  await bus.store.write((tx) => parkAll(tx, bus.settings, 1));
  await kill(4);
  const empty = { ready: 0, delayed: 0, leased: 0, parked: 0, reserved: 0, bytes: 0 };
  for (const inbox of ["a1", "a2", "a3", "a4", "back"])
    assert.deepEqual(await ledgerOf(bus, inbox), empty);
});
