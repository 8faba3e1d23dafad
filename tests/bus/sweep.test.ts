import assert from "node:assert/strict";
import { test } from "node:test";
import { sendBatch } from "../../src/bus/send.ts";
import { sweep } from "../../src/bus/sweep.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { draft, ledgerOf, nack, put, take, takeOne, texts } from "./verbs.ts";
import { ringsAfter } from "./waiting.ts";

const { handBus } = tempBuses();

const sweepOnce = ({ store, settings }: HandBus, inbox: string) =>
  store.write((tx) => sweep(tx, settings, inbox));

async function fill(bus: HandBus, inbox: string, count: number): Promise<void> {
  const drafts = Array.from({ length: count }, () => draft(inbox));
  await sendBatch(bus, drafts, { from: null, onFull: "fail", timeoutMs: 0, atomic: true });
}

test("a lease runs out to the millisecond, and not before", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  await takeOne(bus, "a1", { leaseMs: 1_000 });
  bus.clock.pass(999);
  assert.deepEqual(await take(bus, "a1"), []);
  bus.clock.pass(1);
  assert.equal((await takeOne(bus, "a1")).attempt, 2);
});

for (const stepMs of [-86_400_000, 86_400_000])
  test(`setting the wall clock by ${stepMs} ms neither ends a lease nor makes it last`, async () => {
    const bus = await handBus();
    await put(bus, "a1");
    await takeOne(bus, "a1", { leaseMs: 1_000 });
    bus.clock.stepWall(stepMs);
    assert.deepEqual(await take(bus, "a1"), []);
    bus.clock.pass(1_000);
    const { receipt } = await takeOne(bus, "a1");
    await nack(bus, receipt, { delayMs: 1_000 });
    bus.clock.stepWall(stepMs);
    assert.deepEqual(await take(bus, "a1"), []);
    bus.clock.pass(1_000);
    assert.equal((await take(bus, "a1")).length, 1);
  });

test("a sweep that has nothing to do changes nothing", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  await sweepOnce(bus, "a1");
  await sweepOnce(bus, "nowhere");
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 1 });
  assert.equal(await ledgerOf(bus, "nowhere"), undefined);
});

test("a sweep gives back a hundred expired leases and no more, those that ran out first", async () => {
  const bus = await handBus();
  await fill(bus, "a1", 250);
  await take(bus, "a1", { max: 120, leaseMs: 2_000 });
  await take(bus, "a1", { max: 130, leaseMs: 1_000 });
  bus.clock.pass(10_000);
  const ready = [];
  for (let n = 0; n < 3; n++) {
    await sweepOnce(bus, "a1");
    ready.push((await ledgerOf(bus, "a1"))?.ready);
    if (n === 0)
      assert.deepEqual(
        await bus.store.read((tx) =>
          tx.get("select min(id) as first from deliveries where state = 'ready'"),
        ),
        { first: 121 },
      );
  }
  assert.deepEqual(ready, [100, 200, 250]);
});

test("a sweep makes a hundred due deliveries ready and no more", async () => {
  const bus = await handBus();
  await fill(bus, "a1", 150);
  for (const { receipt } of await take(bus, "a1", { max: 150 }))
    await nack(bus, receipt, { delayMs: 10 });
  bus.clock.pass(10);
  const ready = [];
  for (let n = 0; n < 2; n++) {
    await sweepOnce(bus, "a1");
    ready.push((await ledgerOf(bus, "a1"))?.ready);
  }
  assert.deepEqual(ready, [100, 150]);
});

test("a sweep leaves alone what has not run out and is not due yet", async () => {
  const bus = await handBus();
  for (let n = 0; n < 4; n++) await put(bus, "a1");
  for (const delayMs of [10, 11]) await nack(bus, (await takeOne(bus, "a1")).receipt, { delayMs });
  for (const leaseMs of [10, 11]) await takeOne(bus, "a1", { leaseMs });
  bus.clock.pass(10);
  await sweepOnce(bus, "a1");
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 2, delayed: 1, leased: 1 });
});

test("a sweep sees to its own inbox only", async () => {
  const bus = await handBus();
  for (const inbox of ["a1", "a2"]) {
    for (let n = 0; n < 2; n++) await put(bus, inbox);
    await nack(bus, (await takeOne(bus, inbox)).receipt, { delayMs: 10 });
    await takeOne(bus, inbox, { leaseMs: 10 });
  }
  bus.clock.pass(10);
  await sweepOnce(bus, "a1");
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 2, delayed: 0, leased: 0 });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a2"), { ready: 0, delayed: 1, leased: 1 });
});

test("whoever claims finds what is due and what ran out, so nobody else has to see to it", async () => {
  const bus = await handBus();
  for (let n = 0; n < 2; n++) await put(bus, "a1");
  await nack(bus, (await takeOne(bus, "a1")).receipt, { delayMs: 10 });
  await takeOne(bus, "a1", { leaseMs: 10 });
  bus.clock.pass(10);
  const found = [await takeOne(bus, "a1"), await takeOne(bus, "a1")];
  assert.deepEqual(
    found.map(({ id, attempt }) => [id, attempt]),
    [
      [1, 2],
      [2, 2],
    ],
  );
});

test("what its sender delays is claimed from that millisecond on, in its old place, and not before", async () => {
  const bus = await handBus();
  await put(bus, "a1", "delayed", { delayMs: 1_000 });
  await put(bus, "a1", "later");
  bus.clock.pass(999);
  assert.deepEqual(texts(await take(bus, "a1", { max: 1 })), ["later"]);
  await put(bus, "a1", "last");
  bus.clock.pass(1);
  assert.deepEqual(texts(await take(bus, "a1")), ["delayed", "last"]);
});

test("a delay follows the wall clock when that is set", async () => {
  const bus = await handBus();
  for (const inbox of ["a1", "a2"]) await put(bus, inbox, "x", { delayMs: 1_000 });
  bus.clock.stepWall(1_000);
  assert.equal((await take(bus, "a1")).length, 1);
  bus.clock.stepWall(-1_000);
  bus.clock.pass(999);
  assert.deepEqual(await take(bus, "a2"), []);
});

test("a delay is over once: the rest after a failure is as long as any", async () => {
  const bus = await handBus();
  await put(bus, "a1", "x", { delayMs: 10 });
  bus.clock.pass(10);
  await nack(bus, (await takeOne(bus, "a1")).receipt, { delayMs: 50 });
  bus.clock.pass(49);
  assert.deepEqual(await take(bus, "a1"), []);
  bus.clock.pass(1);
  assert.equal((await takeOne(bus, "a1")).attempt, 2);
});

test("a sweep makes a hundred ready whose delay is over and no more, the longest due first", async () => {
  const bus = await handBus();
  const drafts = [20, 10].flatMap((delayMs) =>
    Array.from({ length: 75 }, () => draft("a1", "x", { delayMs })),
  );
  await sendBatch(bus, drafts, { from: null, onFull: "fail", timeoutMs: 0, atomic: true });
  bus.clock.pass(20);
  const ready = [];
  for (let n = 0; n < 2; n++) {
    await sweepOnce(bus, "a1");
    ready.push((await ledgerOf(bus, "a1"))?.ready);
    if (n === 0)
      assert.deepEqual(
        await bus.store.read((tx) =>
          tx.get("select count(*) as n from deliveries where state = 'ready' and id > 75"),
        ),
        { n: 75 },
      );
  }
  assert.deepEqual(ready, [100, 150]);
});

test("what has become due rings whoever waits, and what has yet to does not", async () => {
  const bus = await handBus();
  const see = () => ringsAfter(bus, "a1", (tx) => sweep(tx, bus.settings, "a1"));
  await put(bus, "a1", "later", { delayMs: 1_000 });
  assert.equal(await see(), 0);
  bus.clock.pass(1_000);
  assert.equal(await see(), 1);
});
