import assert from "node:assert/strict";
import { test } from "node:test";
import { finishAll } from "../../src/bus/finish.ts";
import { sendBatch } from "../../src/bus/send.ts";
import { ackAllTx } from "../../src/bus/settle.ts";
import { startWaiting } from "../../src/bus/waiters.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { ack, draft, ledgerOf, nack, put, rowsOf, take, takeOne } from "./verbs.ts";
import { livingProcesses, waitersOf } from "./waiting.ts";

const { handBus } = tempBuses();
const living = livingProcesses();

const ackAll = ({ store }: HandBus, receipts: string[]) =>
  store.write((tx) => ackAllTx(tx, receipts));

test("many are acked at once, in several inboxes, and told in the order they were asked", async () => {
  const bus = await handBus();
  const to = ["a1", "a2", "a1", "a3", "a1"];
  await sendBatch(
    bus,
    to.map((inbox) => draft(inbox)),
    { from: null, onFull: "fail", timeoutMs: 0, atomic: true },
  );
  const held = [];
  for (const inbox of ["a3", "a1", "a2"]) held.push(...(await take(bus, inbox)));
  assert.deepEqual(
    await ackAll(
      bus,
      held.map(({ receipt }) => receipt),
    ),
    held.map(({ receipt, id }) => ({ receipt, id })),
  );
  for (const inbox of ["a1", "a2", "a3"])
    assert.partialDeepStrictEqual(await ledgerOf(bus, inbox), { leased: 0, bytes: 0 });
  assert.equal(await rowsOf(bus, "history"), 5);
});

test("no receipts are none", async () => {
  const bus = await handBus();
  assert.deepEqual(await ackAll(bus, []), []);
  assert.equal((await bus.store.write((tx) => finishAll(tx, []))).size, 0);
});

test("a receipt that is shown twice counts once", async () => {
  const bus = await handBus();
  for (let n = 0; n < 2; n++) await put(bus, "a1");
  const [one] = await take(bus, "a1");
  const { receipt } = one!;
  assert.deepEqual(await ackAll(bus, [receipt, receipt]), [
    { receipt, id: 1 },
    { receipt, id: 1, already: true },
  ]);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { leased: 1 });
});

test("what was acked before may be among them, and is told as such", async () => {
  const bus = await handBus();
  for (let n = 0; n < 2; n++) await put(bus, "a1");
  const [one, two] = await take(bus, "a1");
  await ack(bus, one!.receipt);
  assert.deepEqual(await ackAll(bus, [two!.receipt, one!.receipt]), [
    { receipt: two!.receipt, id: 2 },
    { receipt: one!.receipt, id: 1, already: true },
  ]);
});

test("one that is stale, or no receipt at all, keeps the others from being acked", async () => {
  const bus = await handBus();
  for (let n = 0; n < 2; n++) await put(bus, "a1");
  const [one, two] = await take(bus, "a1");
  await nack(bus, two!.receipt);
  await assert.rejects(ackAll(bus, [one!.receipt, two!.receipt]), { code: "E_STALE" });
  await assert.rejects(ackAll(bus, [one!.receipt, "17"]), { code: "E_USAGE" });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { leased: 1, delayed: 1 });
  assert.equal(await rowsOf(bus, "history"), 0);
});

test("what has run out counts as what it is by now", async () => {
  const bus = await handBus();
  for (let n = 0; n < 3; n++) await put(bus, "a1");
  const held = await take(bus, "a1", { max: 2, leaseMs: 10 });
  bus.clock.pass(10);
  const third = await takeOne(bus, "a1"); // gives both back, and takes the first again
  await assert.rejects(ack(bus, held[0]!.receipt), { code: "E_STALE" });
  await ackAll(bus, [held[1]!.receipt, third.receipt]);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 1, leased: 0 });
});

test("as many senders are rung as places become free", async () => {
  const bus = await handBus();
  for (let n = 0; n < 2; n++) await put(bus, "a1");
  for (const pid of [living(), living(), living()])
    await bus.store.write((tx) =>
      startWaiting(tx, "a1", "room", { pid, startTime: 1, port: 9, nonce: 9 }),
    );
  const held = await take(bus, "a1");
  await ackAll(
    bus,
    held.map(({ receipt }) => receipt),
  );
  assert.deepEqual(
    (await waitersOf(bus, "a1", "room")).map(({ waiting }) => waiting),
    [0, 0, 1],
  );
});

test("requests among them give up the slots of their answers", async () => {
  const bus = await handBus();
  for (let n = 0; n < 2; n++) await put(bus, "a1", "?", { replyTo: "a2" });
  await put(bus, "a1");
  const held = await take(bus, "a1");
  await ackAll(
    bus,
    held.map(({ receipt }) => receipt),
  );
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a2"), { reserved: 0 });
});
