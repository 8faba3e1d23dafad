import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { drain } from "../../src/bus/drain.ts";
import { closeIntake, whyClosed } from "../../src/bus/intake.ts";
import { parkAll } from "../../src/bus/park.ts";
import { resumeTx } from "../../src/bus/resume.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { ack, ledgerOf, put, take, takeOne, texts } from "./verbs.ts";
import { ringsAfter } from "./waiting.ts";

const { handBus } = tempBuses();

const resume = ({ store }: Bus) => store.write(resumeTx);
const drained = (bus: Bus) => drain(bus, { timeoutMs: 0, usualMs: 0 });

test("where nothing drains there is nothing to resume", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  assert.deepEqual(await resume(bus), { resumed: 0, already: true });
  await drained(bus);
  await resume(bus);
  assert.deepEqual(await resume(bus), { resumed: 0, already: true });
});

test("all comes back in its order, and the bus takes claims and sends", async () => {
  const bus = await handBus();
  for (const body of ["1", "2", "3"]) await put(bus, "a1", body);
  await put(bus, "a2");
  await takeOne(bus, "a1");
  await drained(bus);
  assert.deepEqual(await resume(bus), { resumed: 4, already: false });
  assert.equal(await bus.store.read(whyClosed), null);
  await put(bus, "a1", "4");
  assert.deepEqual(texts(await take(bus, "a1")), ["1", "2", "3", "4"]);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a2"), { ready: 1, parked: 0 });
});

test("what comes back is never refused for want of room", async () => {
  const bus = await handBus({ inboxCap: 2 });
  for (let n = 0; n < 2; n++) await put(bus, "a1", "?", { replyTo: "a2" });
  const { receipt } = await takeOne(bus, "a1");
  await ack(bus, receipt, { reply: "!" });
  await drained(bus);
  await resume(bus);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a2"), { ready: 1, reserved: 1 });
  await assert.rejects(put(bus, "a2"), { code: "E_FULL" });
});

test("what a run parked stays parked for the next up", async () => {
  const bus = await handBus();
  await put(bus, "a1", "of the run");
  await bus.store.write((tx) => parkAll(tx, bus.settings, 1));
  await put(bus, "a1", "of the drain");
  await drained(bus);
  assert.deepEqual(await resume(bus), { resumed: 1, already: false });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 1, parked: 1 });
});

test("while a swarm goes down the bus stays closed, drained or not", async () => {
  const bus = await handBus();
  await drained(bus);
  await bus.store.write((tx) => closeIntake(tx, tx.tick + 1_000));
  await resume(bus);
  assert.equal(await bus.store.read(whyClosed), "stop");
});

test("drained, resumed and drained again, nothing is lost and no attempt is spent", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  await put(bus, "a1");
  for (let round = 0; round < 10; round++) {
    await takeOne(bus, "a1");
    const { conservation, parked } = await drained(bus);
    assert.deepEqual([parked, conservation.holds], [1, true]);
    await resume(bus);
  }
  assert.equal((await takeOne(bus, "a1")).attempt, 1);
});

test("whoever waits is rung when the bus takes claims again", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  await drained(bus);
  assert.equal(await ringsAfter(bus, "a1", resumeTx), 1);
  assert.equal(await ringsAfter(bus, "a1", resumeTx), 0);
});
