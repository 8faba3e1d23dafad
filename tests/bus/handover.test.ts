import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { fanOut } from "../../src/bus/fan-out.ts";
import { handBack } from "../../src/bus/hand-back.ts";
import { type Handover, countUnsettled, handover } from "../../src/bus/handover.ts";
import { conservation } from "../../src/bus/inboxes.ts";
import { createInbox } from "../../src/bus/ledger.ts";
import { parkAll, unparkAll } from "../../src/bus/park.ts";
import { receive } from "../../src/bus/receive.ts";
import { setRoutes } from "../../src/bus/routes.ts";
import { send } from "../../src/bus/send.ts";
import { subscribeTx } from "../../src/bus/subscribe.ts";
import { trace } from "../../src/bus/trace.ts";
import { startWaiting } from "../../src/bus/waiters.ts";
import { onlyRings } from "../fixtures/bus/bus.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { routeAll, routes } from "./routed.ts";
import { publication } from "./subscribers.ts";
import { ack, draft, extend, ledgerOf, nack, put, rowsOf, take, takeOne, texts } from "./verbs.ts";
import { livingProcesses, untilWaiting, waitersOf } from "./waiting.ts";

const { handBus, liveBus, neighbour } = tempBuses();
const living = livingProcesses();

/** Hands c1 over to c2, and looks whether the sums still add up. */
async function handOver({ store, settings }: Bus, more: Partial<Handover> = {}) {
  const all = { from: "c1", to: "c2", reason: "c1 failed", ...more };
  const handed = await store.write((tx) => handover(tx, settings, all));
  assert.equal((await store.read(conservation)).holds, true);
  return handed;
}

/** A bus with the inboxes c1 and c2, and with one message of each state in c1; its body says which. */
async function busyBus(settings: Partial<Bus["settings"]> = {}): Promise<HandBus> {
  const bus = await handBus(settings);
  await bus.store.write((tx) => createInbox(tx, "c2"));
  await put(bus, "c1", "parked");
  await bus.store.write((tx) => parkAll(tx, bus.settings, 7));
  await put(bus, "c1", "held");
  await takeOne(bus, "c1", { holder: "w1" });
  await put(bus, "c1", "failed");
  await nack(bus, (await takeOne(bus, "c1")).receipt, { delayMs: 1_000, reason: "no" });
  await put(bus, "c1", "later", { delayMs: 2_000 });
  await put(bus, "c1", "ready");
  return bus;
}

test("all that nobody has settled is in the other inbox, in the state it was in, and nothing in this one", async () => {
  const bus = await busyBus();
  assert.deepEqual(await handOver(bus), { moved: 5, returned: 1 });
  const none = { ready: 0, delayed: 0, leased: 0, parked: 0, reserved: 0, bytes: 0 };
  assert.deepEqual({ ...(await ledgerOf(bus, "c1")) }, none);
  const there = { ready: 2, delayed: 2, parked: 1, leased: 0, bytes: 20 };
  assert.partialDeepStrictEqual(await ledgerOf(bus, "c2"), there);
  assert.deepEqual(texts(await take(bus, "c2")), ["held", "ready"]);
  bus.clock.pass(1_000);
  assert.deepEqual(texts(await take(bus, "c2")), ["failed"]);
  bus.clock.pass(1_000);
  assert.deepEqual(texts(await take(bus, "c2")), ["later"]);
  await bus.store.write((tx) => unparkAll(tx, "run"));
  assert.deepEqual(texts(await take(bus, "c2")), ["parked"]);
});

test("the ledgers of both say how much went from one to the other", async () => {
  const bus = await busyBus();
  await handOver(bus);
  const rows = await bus.store.read((tx) =>
    tx.all("select inbox, sent, moved_in, moved_out from ledger order by inbox"),
  );
  assert.deepEqual(rows, [
    { inbox: "c1", sent: 5, moved_in: 0, moved_out: 5 },
    { inbox: "c2", sent: 0, moved_in: 5, moved_out: 0 },
  ]);
});

test("what is moved comes before what was sent to the other inbox later, and urgent things first", async () => {
  const bus = await handBus();
  await put(bus, "c1", "1");
  await put(bus, "c2", "2");
  await put(bus, "c1", "3", { priority: 9 });
  await handOver(bus);
  assert.deepEqual(texts(await take(bus, "c2")), ["3", "1", "2"]);
});

test("a lease is taken back without spending an attempt, and its receipt is good for nothing", async () => {
  const bus = await handBus();
  await put(bus, "c1");
  await put(bus, "c2");
  const { receipt } = await takeOne(bus, "c1", { holder: "w1" });
  await handOver(bus);
  for (const settle of [ack(bus, receipt), nack(bus, receipt), extend(bus, receipt)])
    await assert.rejects(settle, { code: "E_STALE" });
  const moved = await takeOne(bus, "c2", { holder: "w2" });
  assert.deepEqual([moved.id, moved.attempt, moved.to], [1, 1, "c2"]);
  await assert.rejects(ack(bus, receipt), { code: "E_STALE", message: /claimed again by w2/ });
  await ack(bus, moved.receipt);
});

test("an ack that comes after the lease ran out is too late once it is moved", async () => {
  const bus = await handBus();
  for (const inbox of ["c1", "c1", "c2"]) await put(bus, inbox);
  const [first, second] = await take(bus, "c1", { leaseMs: 10 });
  bus.clock.pass(10);
  await ack(bus, first!.receipt);
  await take(bus, "c1", { max: 0 });
  await handOver(bus);
  await assert.rejects(ack(bus, second!.receipt), { code: "E_STALE" });
});

test("what failed before keeps its attempts, and is poison there as it was here", async () => {
  const bus = await handBus({ maxAttempts: 2 });
  await put(bus, "c1");
  await put(bus, "c2");
  await takeOne(bus, "c1", { holder: "c1" });
  await bus.store.write((tx) => handBack(tx, bus.settings, "c1", "died", "killed"));
  await handOver(bus);
  const moved = await takeOne(bus, "c2");
  assert.equal(moved.attempt, 2);
  assert.equal((await nack(bus, moved.receipt)).state, "dead");
});

test("trace tells of it, for what was held and for what was not", async () => {
  const bus = await busyBus();
  await handOver(bus);
  const told = async (id: number) => {
    const { deliveries } = await bus.store.read((tx) => trace(tx, id));
    const [{ inbox, steps }] = deliveries as [(typeof deliveries)[0]];
    return [inbox, ...steps.map(({ what, holder, reason }) => [what, holder, reason])];
  };
  const moved = ["moved", null, "from c1 to c2: c1 failed"];
  assert.deepEqual(await told(5), ["c2", ["sent", null, null], moved]);
  assert.deepEqual(await told(2), [
    "c2",
    ["sent", null, null],
    ["claimed", "w1", null],
    ["returned", "w1", "c1 failed"],
    moved,
  ]);
  const { receipt } = await takeOne(bus, "c2", { holder: "w2" });
  await ack(bus, receipt);
  assert.deepEqual((await told(2)).slice(4), [
    moved,
    ["claimed", "w2", null],
    ["acked", "w2", null],
  ]);
});

test("it can be moved on, and back", async () => {
  const bus = await busyBus();
  await bus.store.write((tx) => createInbox(tx, "c3"));
  await handOver(bus);
  await handOver(bus, { from: "c2", to: "c3" });
  assert.deepEqual(await handOver(bus, { from: "c3", to: "c1" }), { moved: 5, returned: 0 });
  assert.deepEqual(texts(await take(bus, "c1")), ["held", "ready"]);
});

test("a full inbox takes it all, and nothing more until there is room again", async () => {
  const bus = await handBus({ inboxCap: 2, inboxBytes: 20 });
  for (const inbox of ["c1", "c1", "c2", "c2"]) await put(bus, inbox, "12345");
  assert.deepEqual(await handOver(bus), { moved: 2, returned: 0 });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "c2"), { ready: 4, bytes: 20 });
  await assert.rejects(put(bus, "c2"), { code: "E_FULL" });
  for (const { receipt } of (await take(bus, "c2")).slice(0, 3)) await ack(bus, receipt);
  await put(bus, "c2");
});

test("answers that are owed to this inbox go to the other, into slots of their own", async () => {
  const bus = await handBus();
  await put(bus, "c2");
  await put(bus, "w1", "held", { from: "c1", replyTo: "c1" });
  await put(bus, "w1", "waiting", { from: "c1", replyTo: "c1" });
  await put(bus, "w1", "not ours", { from: "c2", replyTo: "c2" });
  const held = await takeOne(bus, "w1");
  await handOver(bus);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "c1"), { reserved: 0 });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "c2"), { reserved: 3 });
  await ack(bus, held.receipt, { reply: "held" });
  const waiting = await takeOne(bus, "w1");
  assert.equal(waiting.replyTo, "c2");
  await ack(bus, waiting.receipt, { reply: "waiting" });
  assert.deepEqual(texts(await take(bus, "c2")).slice(1), ["held", "waiting"]);
});

test("what is published to this inbox goes to the other from now on, once", async () => {
  const bus = await handBus();
  await bus.store.write(async (tx) => {
    for (const inbox of ["c1", "c2"]) await subscribeTx(tx, "a.*", inbox);
    await subscribeTx(tx, "b", "c1");
  });
  await handOver(bus);
  for (const topic of ["a.a", "b"])
    await bus.store.write((tx) => fanOut(tx, bus.settings, publication(topic), { from: null }));
  assert.partialDeepStrictEqual(await ledgerOf(bus, "c2"), { ready: 2 });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "c1"), { ready: 0 });
});

test("dead letters and what is done stay where they ended", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  for (const inbox of ["c1", "c1", "c2"]) await put(bus, inbox);
  const [one, two] = await take(bus, "c1");
  await ack(bus, one!.receipt);
  await nack(bus, two!.receipt);
  assert.deepEqual(await handOver(bus), { moved: 0, returned: 0 });
  assert.equal(await rowsOf(bus, "attempts"), 1);
});

test("what nobody wants any more expires where it was, when it was held, and where it is, when it was not", async () => {
  const bus = await handBus();
  await put(bus, "c2");
  for (const body of ["held", "ready"]) await put(bus, "c1", body, { ttlMs: 1_000 });
  await takeOne(bus, "c1");
  bus.clock.pass(1_000);
  assert.deepEqual(await handOver(bus), { moved: 1, returned: 1 });
  assert.equal((await take(bus, "c2")).length, 1);
  const expired = await bus.store.read((tx) =>
    tx.all("select inbox, expired from ledger order by inbox"),
  );
  assert.deepEqual(expired, [
    { inbox: "c1", expired: 1 },
    { inbox: "c2", expired: 1 },
  ]);
});

test("there has to be another inbox to move it to, and one to move it from need not be there", async () => {
  const bus = await handBus();
  await put(bus, "c1");
  await assert.rejects(handOver(bus), { code: "E_NOT_FOUND", message: "there is no inbox c2" });
  await assert.rejects(handOver(bus, { to: "c1" }), { code: "E_USAGE" });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "c1"), { ready: 1 });
  assert.deepEqual(await handOver(bus, { from: "c9", to: "c1" }), { moved: 0, returned: 0 });
});

test("what is unsettled is counted, whatever its state", async () => {
  const bus = await busyBus();
  const counts = await bus.store.read((tx) => countUnsettled(tx, ["c1", "c2", "c9"]));
  assert.deepEqual(
    [...counts],
    [
      ["c1", 5],
      ["c2", 0],
      ["c9", 0],
    ],
  );
});

test("those who wait in the other inbox are rung, as many as there is something for", async () => {
  const bus = onlyRings(await liveBus());
  for (let n = 0; n < 2; n++) await put(bus, "c1", String(n));
  const claim = { inbox: "c2", holder: null, max: 1, leaseMs: 60_000, waitMs: 60_000 };
  const waiting = [0, 1].map(() => receive(onlyRings(neighbour(bus, living())), claim));
  await untilWaiting(bus, "c2", "mail", 2);
  await handOver(bus);
  assert.deepEqual(texts((await Promise.all(waiting)).flat()).toSorted(), ["0", "1"]);
});

test("one of those who wait hears of what is due later, and nobody of nothing", async () => {
  const bus = await busyBus();
  const waiter = { pid: living(), startTime: 0, port: 9, nonce: 1 };
  await bus.store.write((tx) => startWaiting(tx, "c2", "mail", waiter));
  const waiting = async () => (await waitersOf(bus, "c2", "mail")).map(({ waiting }) => waiting);
  await handOver(bus, { from: "c9" });
  assert.deepEqual(await waiting(), [1]);
  await bus.store.write((tx) => parkAll(tx, bus.settings, null));
  await put(bus, "c1", "later", { delayMs: 1_000 });
  await handOver(bus);
  assert.deepEqual(await waiting(), [0]);
});

test("a sender that waits for room here goes to the other inbox when its routes do", async () => {
  const bus = onlyRings(
    await routeAll(await liveBus({ inboxCap: 1 }), {
      w1: { c1: ["c1"], c2: ["c2"], "@coordinator": ["c1"] },
    }),
  );
  await put(bus, "c1", "first");
  const patient = { from: "w1", onFull: "wait", timeoutMs: 60_000 } as const;
  const sending = send(bus, draft("@coordinator", "second"), patient);
  await untilWaiting(bus, "c1", "room");
  await bus.store.write(async (tx) => {
    await handover(tx, bus.settings, { from: "c1", to: "c2", reason: "c1 failed" });
    await setRoutes(tx, routes({ w1: { c1: ["c2"], c2: ["c2"], "@coordinator": ["c2"] } }));
  });
  await untilWaiting(bus, "c2", "room");
  await ack(bus, (await takeOne(bus, "c2")).receipt);
  assert.deepEqual(await sending, { id: 2, to: "@coordinator", deliveries: 1 });
  assert.deepEqual(texts(await take(bus, "c2")), ["second"]);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "c1"), { ready: 0 });
});
