import assert from "node:assert/strict";
import { test } from "node:test";
import { conservation } from "../../src/bus/inboxes.ts";
import { createInbox } from "../../src/bus/ledger.ts";
import { expireAnywhere, isAnyOverdue } from "../../src/bus/overdue.ts";
import { sendBatch } from "../../src/bus/send.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { draft, ledgerOf, put, rowsOf, takeOne } from "./verbs.ts";

const { handBus } = tempBuses();

const isAny = ({ store }: HandBus) => store.read(isAnyOverdue);
const expire = ({ store }: HandBus) => store.write(expireAnywhere);

async function fill(bus: HandBus, inboxes: string[], count = 1, ttlMs = 10): Promise<void> {
  const drafts = inboxes.flatMap((inbox) =>
    Array.from({ length: count }, () => draft(inbox, "12345", { ttlMs })),
  );
  await sendBatch(bus, drafts, { from: null, onFull: "fail", timeoutMs: 0, atomic: false });
}

const named = (count: number) =>
  Array.from({ length: count }, (_, n) => `in-${String(n).padStart(5, "0")}`);

test("what expired ends wherever it lies, ready or delayed, and is counted as expired", async () => {
  const bus = await handBus();
  await fill(bus, ["a1", "a2"]);
  await put(bus, "a2", "later", { delayMs: 5, ttlMs: 10 });
  await put(bus, "a2", "wanted", { ttlMs: 11 });
  await put(bus, "a3", "for good");
  await put(bus, "a4", "?", { ttlMs: 10, replyTo: "a5" });
  bus.clock.pass(9);
  assert.deepEqual([await isAny(bus), await expire(bus)], [false, 0]);
  bus.clock.pass(1);
  assert.equal(await isAny(bus), true);
  assert.equal(await expire(bus), 4);
  assert.equal(await isAny(bus), false);
  const empty = { ready: 0, delayed: 0, leased: 0, parked: 0, reserved: 0, bytes: 0 };
  assert.deepEqual(await ledgerOf(bus, "a1"), empty);
  assert.deepEqual(await ledgerOf(bus, "a2"), { ...empty, ready: 1, bytes: 6 });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a3"), { ready: 1 });
  // The slot of an answer goes with the question.
  assert.deepEqual([await ledgerOf(bus, "a4"), await ledgerOf(bus, "a5")], [empty, empty]);
  assert.equal(await rowsOf(bus, "history"), 4);
  assert.equal((await bus.store.read(conservation)).holds, true);
});

test("what somebody holds, and what is parked, is left alone", async () => {
  const bus = await handBus();
  await fill(bus, ["a1", "a2"]);
  await takeOne(bus, "a1");
  await bus.store.write(async (tx) => {
    await tx.run("update deliveries set state = 'parked' where inbox = 'a2'");
    await tx.run("update ledger set ready = 0, parked = 1, bytes = 0 where inbox = 'a2'");
  });
  bus.clock.pass(10);
  assert.deepEqual([await isAny(bus), await expire(bus)], [false, 0]);
  assert.equal(await rowsOf(bus, "deliveries"), 2);
});

test("a turn ends some 300, and the next ones the rest", async () => {
  const bus = await handBus({ inboxCap: 10_000 });
  await fill(bus, ["a1"], 450);
  await fill(bus, ["a2", "a3", "a4", "a5"], 90);
  bus.clock.pass(10);
  const turns = [];
  while (await isAny(bus)) turns.push(await expire(bus));
  assert.deepEqual(turns, [300, 330, 180]);
  assert.equal(await rowsOf(bus, "deliveries"), 0);
});

test("a thousand inboxes are looked at in a turn, and behind those that stay the others have theirs", async () => {
  const bus = await handBus();
  const inboxes = named(2_100);
  await bus.store.write(async (tx) => {
    for (const inbox of inboxes) await createInbox(tx, inbox);
  });
  await fill(bus, inboxes, 1, 1_000_000);
  await fill(bus, inboxes.slice(-50));
  bus.clock.pass(10);
  const turns = [];
  for (let turn = 0; turn < 3; turn++) turns.push([await isAny(bus), await expire(bus)]);
  assert.deepEqual(turns, [
    [true, 0],
    [true, 0],
    [true, 50],
  ]);
  // From the first one again.
  await fill(bus, inboxes.slice(0, 5));
  bus.clock.pass(10);
  assert.equal(await expire(bus), 5);
});

test("a turn that leaves something over is followed by one that begins at the same place", async () => {
  const bus = await handBus({ inboxCap: 10_000 });
  const inboxes = named(1_050);
  await bus.store.write(async (tx) => {
    for (const inbox of inboxes) await createInbox(tx, inbox);
  });
  await fill(bus, inboxes, 1, 1_000_000);
  await fill(bus, [inboxes[5]!], 350);
  await fill(bus, [inboxes[1_049]!]);
  bus.clock.pass(10);
  const turns = [];
  for (let turn = 0; turn < 3; turn++) turns.push(await expire(bus));
  assert.deepEqual(turns, [300, 50, 1]);
});

test("where nothing has expired no turn is due", async () => {
  const bus = await handBus();
  assert.equal(await isAny(bus), false);
  await put(bus, "a1");
  await fill(bus, ["a2"], 1, 1_000);
  assert.equal(await isAny(bus), false);
});
