import assert from "node:assert/strict";
import { test } from "node:test";
import { handBack } from "../../src/bus/hand-back.ts";
import { sendBatch } from "../../src/bus/send.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { ack, draft, ledgerOf, nack, put, take, takeOne, texts } from "./verbs.ts";

const { handBus } = tempBuses();

const lines = { from: null, onFull: "fail", timeoutMs: 0, atomic: false } as const;

const die = ({ store, settings }: HandBus, holder: string) =>
  store.write((tx) => handBack(tx, settings, holder, "died", "killed"));

test("an empty inbox gives nothing, and so does one that is not there", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  await take(bus, "a1");
  assert.deepEqual(await take(bus, "a1"), []);
  assert.deepEqual(await take(bus, "nowhere"), []);
});

test("the most urgent come first, and within one priority those sent first", async () => {
  const bus = await handBus();
  const priorities = [4, 0, 9, 4, 0, 9, 4];
  const drafts = priorities.map((priority, n) => draft("a1", `${priority}-${n}`, { priority }));
  await sendBatch(bus, drafts, lines);
  const order = ["9-2", "9-5", "4-0", "4-3", "4-6", "0-1", "0-4"];
  assert.deepEqual(texts(await take(bus, "a1", { max: 2 })), order.slice(0, 2));
  assert.deepEqual(texts(await take(bus, "a1", { max: 3 })), order.slice(2, 5));
  assert.deepEqual(texts(await take(bus, "a1")), order.slice(5));
});

test("each sender's messages come in the order it sent them, however many it sends at once", async () => {
  const bus = await handBus();
  for (let round = 0; round < 5; round++)
    for (const from of ["x", "y", "z"])
      await sendBatch(
        bus,
        [0, 1, 2].map((n) => draft("a1", String(round * 3 + n))),
        { ...lines, from },
      );
  const deliveries = await take(bus, "a1");
  for (const from of ["x", "y", "z"])
    assert.deepEqual(
      texts(deliveries.filter((delivery) => delivery.from === from)),
      Array.from({ length: 15 }, (_, n) => String(n)),
    );
});

test("what comes back takes its old place again, before what was sent after it", async () => {
  const bus = await handBus();
  for (const body of ["first", "second", "third"]) await put(bus, "a1", body);
  const first = await takeOne(bus, "a1");
  await nack(bus, first.receipt, { delayMs: 0 });
  const again = await take(bus, "a1");
  assert.deepEqual(texts(again), ["first", "second", "third"]);
  assert.deepEqual(
    again.map(({ attempt }) => attempt),
    [2, 1, 1],
  );
});

test("no more are claimed than were asked for, and none twice", async () => {
  const bus = await handBus();
  await sendBatch(
    bus,
    Array.from({ length: 10 }, () => draft("a1")),
    lines,
  );
  const ids = [];
  for (const max of [1, 4, 100]) ids.push((await take(bus, "a1", { max })).map(({ id }) => id));
  assert.deepEqual(ids, [[1], [2, 3, 4, 5], [6, 7, 8, 9, 10]]);
});

test("each claim has an epoch of its own, and a nonce that cannot be guessed", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  const receipts = [];
  for (let n = 0; n < 4; n++) {
    const { receipt } = await takeOne(bus, "a1");
    receipts.push(receipt.split("."));
    await nack(bus, receipt, { delayMs: 0 });
  }
  assert.deepEqual(
    receipts.map(([id, epoch]) => [id, epoch]),
    ["1", "2", "3", "4"].map((epoch) => ["1", epoch]),
  );
  assert.equal(new Set(receipts.map(([, , nonce]) => nonce)).size, 4);
});

test("a delivery says until when it is leased, by the wall", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  const { leaseUntil } = await takeOne(bus, "a1", { leaseMs: 30_000 });
  assert.equal(leaseUntil, bus.clock.now() + 30_000);
});

test("claiming from one inbox leaves the others alone", async () => {
  const bus = await handBus();
  for (const inbox of ["a1", "a2"]) await put(bus, inbox, inbox);
  assert.deepEqual(texts(await take(bus, "a1")), ["a1"]);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a2"), { ready: 1, leased: 0 });
});

test("what was in flight together when its holder died is claimed one by one afterwards", async () => {
  const bus = await handBus();
  for (const body of ["1", "2", "3", "4"]) await put(bus, "a1", body);
  await take(bus, "a1", { holder: "w1", max: 3 });
  await die(bus, "w1");
  const claims = [];
  for (let n = 0; n < 4; n++) claims.push(texts(await take(bus, "a1")));
  assert.deepEqual(claims, [["1"], ["2"], ["3"], ["4"]]);
});

test("what runs out of time together is claimed one by one afterwards too", async () => {
  const bus = await handBus();
  for (const body of ["1", "2"]) await put(bus, "a1", body);
  await take(bus, "a1", { leaseMs: 1_000 });
  bus.clock.pass(1_000);
  assert.deepEqual(texts(await take(bus, "a1")), ["1"]);
  assert.deepEqual(texts(await take(bus, "a1")), ["2"]);
});

test("what is to be claimed alone is not taken along by those before it", async () => {
  const bus = await handBus();
  await put(bus, "a1", "poison");
  await take(bus, "a1", { holder: "w1" });
  await die(bus, "w1");
  for (const body of ["urgent 1", "urgent 2"]) await put(bus, "a1", body, { priority: 9 });
  await put(bus, "a1", "later");
  assert.deepEqual(texts(await take(bus, "a1")), ["urgent 1", "urgent 2"]);
  assert.deepEqual(texts(await take(bus, "a1")), ["poison"]);
  assert.deepEqual(texts(await take(bus, "a1")), ["later"]);
});

test("one poisonous message does not condemn those that were in flight beside it", async () => {
  const bus = await handBus({ maxAttempts: 3 });
  for (const body of ["a", "b", "poison", "c", "d"]) await put(bus, "a1", body);
  const done: unknown[] = [];
  for (let n = 0; n < 20; n++) {
    const claimed = await take(bus, "a1", { holder: "w1" });
    if (claimed.length === 0) break;
    if (texts(claimed).includes("poison")) await die(bus, "w1");
    else
      for (const { receipt, body } of claimed)
        done.push(...texts([{ body }]), await ack(bus, receipt));
  }
  assert.deepEqual(
    done.filter((body) => typeof body === "string"),
    ["a", "b", "c", "d"],
  );
  const dead = await bus.store.read((tx) => tx.all("select delivery_id as id from dead_letters"));
  assert.deepEqual(dead, [{ id: 3 }]);
});
