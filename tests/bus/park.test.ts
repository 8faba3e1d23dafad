import assert from "node:assert/strict";
import { test } from "node:test";
import { parkAll, unparkAll } from "../../src/bus/park.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { ack, ledgerOf, nack, put, take, takeOne, texts } from "./verbs.ts";

const { handBus } = tempBuses();

const park = ({ store, settings }: HandBus) => store.write((tx) => parkAll(tx, settings, 7));
const unpark = ({ store }: HandBus) => store.write((tx) => unparkAll(tx, "run"));

test("parking holds what is ready, delayed and leased, and says how much that was", async () => {
  const bus = await handBus();
  for (const inbox of ["a1", "a2"]) for (let n = 0; n < 3; n++) await put(bus, inbox);
  await nack(bus, (await takeOne(bus, "a1")).receipt, { delayMs: 10 });
  await takeOne(bus, "a1");
  await takeOne(bus, "a2");
  assert.deepEqual(await park(bus), { parked: 6, returned: 2 });
  for (const inbox of ["a1", "a2"])
    assert.partialDeepStrictEqual(await ledgerOf(bus, inbox), {
      ready: 0,
      delayed: 0,
      leased: 0,
      parked: 3,
    });
  bus.clock.pass(1_000_000);
  for (const inbox of ["a1", "a2"]) assert.deepEqual(await take(bus, inbox), []);
  assert.deepEqual(await bus.store.read((tx) => tx.all("select distinct run from deliveries")), [
    { run: 7 },
  ]);
});

test("only the inboxes of the swarm are parked when they are named, and what their names hold elsewhere is taken back", async () => {
  const bus = await handBus();
  for (const inbox of ["a1", "ada"]) for (let n = 0; n < 3; n++) await put(bus, inbox);
  await takeOne(bus, "ada", { holder: "ada" });
  await takeOne(bus, "ada", { holder: "a1" });
  const only = new Set(["a1"]);
  const parked = await bus.store.write((tx) => parkAll(tx, bus.settings, 7, only));
  assert.deepEqual(parked, { parked: 3, returned: 1 });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 0, parked: 3 });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "ada"), { ready: 2, leased: 1, parked: 0 });
});

test("what was parked comes back in its old order, and without having spent an attempt", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  for (const body of ["1", "2", "3"]) await put(bus, "a1", body);
  await take(bus, "a1", { max: 2 });
  await park(bus);
  assert.equal(await unpark(bus), 3);
  assert.deepEqual(
    (await take(bus, "a1")).map(({ id, attempt }) => [id, attempt]),
    [
      [1, 1],
      [2, 1],
      [3, 1],
    ],
  );
});

test("a receipt from before the parking is stale, while it is parked and afterwards", async () => {
  const bus = await handBus();
  for (let n = 0; n < 2; n++) await put(bus, "a1");
  const [held, expired] = await take(bus, "a1", { leaseMs: 10 });
  bus.clock.pass(10);
  await takeOne(bus, "a1"); // sees to both, and takes the first
  await park(bus);
  for (const delivery of [held, expired])
    await assert.rejects(ack(bus, delivery!.receipt), { code: "E_STALE", message: /parked now/ });
  await unpark(bus);
  for (const delivery of [held, expired])
    await assert.rejects(ack(bus, delivery!.receipt), { code: "E_STALE", message: /ready now/ });
});

test("what is parked takes no room, so that one can send to a swarm that is down", async () => {
  const bus = await handBus({ inboxCap: 2, inboxBytes: 10 });
  for (let n = 0; n < 2; n++) await put(bus, "a1", "12345");
  await assert.rejects(put(bus, "a1"), { code: "E_FULL" });
  await park(bus);
  for (let n = 0; n < 2; n++) await put(bus, "a1", "12345");
  await assert.rejects(put(bus, "a1"), { code: "E_FULL" });
  await unpark(bus);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 4, bytes: 20 });
});

test("a parked request keeps the slot of its answer", async () => {
  const bus = await handBus();
  await put(bus, "a1", "?", { replyTo: "a2" });
  await park(bus);
  assert.equal((await ledgerOf(bus, "a2"))?.reserved, 1);
  await unpark(bus);
  const { receipt } = await takeOne(bus, "a1");
  assert.partialDeepStrictEqual(await ack(bus, receipt, { reply: "!" }), {
    reply: { id: 2, to: "a2" },
  });
});

test("what a drain parked and what a run parked come back apart", async () => {
  const bus = await handBus();
  await put(bus, "a1", "of the run");
  await park(bus);
  await put(bus, "a1", "of the drain");
  await bus.store.write((tx) => parkAll(tx, bus.settings, null));
  assert.equal(await bus.store.write((tx) => unparkAll(tx, "drain")), 1);
  assert.deepEqual(texts(await take(bus, "a1")), ["of the drain"]);
  assert.equal(await unpark(bus), 1);
  assert.deepEqual(texts(await take(bus, "a1")), ["of the run"]);
});

test("what its sender wants later is still to come later", async () => {
  const bus = await handBus();
  for (const body of ["soon", "later"]) await put(bus, "a1", body);
  // As a send with a delay leaves them.
  const due = "update deliveries set state = 'delayed', due_at = $at where id = $id";
  await bus.store.write(async (tx) => {
    await tx.run(due, { id: 1, at: tx.now + 10 });
    await tx.run(due, { id: 2, at: tx.now + 1_000 });
    await tx.run("update ledger set ready = ready - 2, delayed = delayed + 2");
  });
  await park(bus);
  bus.clock.pass(10);
  assert.equal(await unpark(bus), 2);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 1, delayed: 1, parked: 0 });
  assert.deepEqual(texts(await take(bus, "a1")), ["soon"]);
});

test("parking and unparking where there is nothing does nothing", async () => {
  const bus = await handBus();
  assert.deepEqual(await park(bus), { parked: 0, returned: 0 });
  assert.equal(await unpark(bus), 0);
});
