import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { handBack } from "../../src/bus/hand-back.ts";
import { closeIntake } from "../../src/bus/intake.ts";
import type { Draft } from "../../src/bus/message.ts";
import { type SendOptions, batchMax, send, sendBatch } from "../../src/bus/send.ts";
import { elapsedMs } from "../../src/core/clock.ts";
import { SkepError } from "../../src/core/errors.ts";
import { onlyRings } from "../fixtures/bus/bus.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { ack, draft, ledgerOf, nack, put, rowsOf, take, takeOne, texts } from "./verbs.ts";
import {
  countingNaps,
  livingProcesses,
  untilWaiting,
  waitersOf,
  withoutSocket,
} from "./waiting.ts";

const { handBus, liveBus, neighbour } = tempBuses();
const living = livingProcesses();

const patient: SendOptions = { from: null, onFull: "wait", timeoutMs: 60_000 };
const lines = { ...patient, atomic: false };

const wait = (bus: Bus, what: Draft = draft("a1"), more: Partial<SendOptions> = {}) =>
  send(bus, what, { ...patient, ...more });

/** A bus whose inbox a1 is full with one message, and which no timer wakes. */
async function fullBus(settings: Partial<Bus["settings"]> = {}) {
  const bus = onlyRings(await liveBus({ inboxCap: 1, maxAttempts: 1, ...settings }));
  await put(bus, "a1", "first");
  return bus;
}

test("told not to wait, a send into a full inbox fails at once and says when to try again", async () => {
  const bus = await fullBus();
  await assert.rejects(wait(bus, draft("a1"), { onFull: "fail" }), {
    code: "E_FULL",
    message: "inbox a1 is full",
    hint: /--timeout/,
    retryAfterMs: 250,
  });
  assert.equal(await rowsOf(bus, "messages"), 1);
  assert.deepEqual(await waitersOf(bus, "a1", "room"), []);
});

test("an inbox is full by the bytes in it too, and takes what still fits", async () => {
  const bus = await handBus({ inboxBytes: 10 });
  await put(bus, "a1", "12345678");
  await assert.rejects(put(bus, "a1", "123"), { code: "E_FULL" });
  await put(bus, "a1", "12");
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 2, bytes: 10 });
});

test("what is delayed or leased takes room, and what comes back never lacks it", async () => {
  const bus = await handBus({ inboxCap: 2 });
  for (let n = 0; n < 2; n++) await put(bus, "a1");
  await nack(bus, (await takeOne(bus, "a1")).receipt);
  await takeOne(bus, "a1", { holder: "w1" });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { delayed: 1, leased: 1 });
  await assert.rejects(put(bus, "a1"), { code: "E_FULL" });
  await bus.store.write((tx) => handBack(tx, bus.settings, "w1", "died", "killed"));
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { delayed: 1, ready: 1 });
});

const ways: [string, (bus: Bus, receipt: string) => Promise<unknown>][] = [
  ["an ack", ack],
  ["the death of a message", nack],
];
for (const [what, settle] of ways)
  test(`room made by ${what} wakes the sender that waits for it, by the doorbell alone`, async () => {
    const bus = await fullBus();
    const { receipt } = await takeOne(bus, "a1");
    const sending = wait(bus);
    await untilWaiting(bus, "a1", "room");
    await settle(bus, receipt);
    assert.deepEqual(await sending, { id: 2, to: "a1" });
    assert.deepEqual(await waitersOf(bus, "a1", "room"), []);
  });

test("a slot that is given up wakes the sender that waits for it", async () => {
  const bus = await fullBus({ inboxCap: 2 });
  await put(bus, "a2", "?", { replyTo: "a1" });
  const { receipt } = await takeOne(bus, "a2");
  const sending = wait(bus);
  await untilWaiting(bus, "a1", "room");
  await ack(bus, receipt);
  assert.equal((await sending).id, 3);
});

test("room that appears between the refusal and the wait is not missed", async () => {
  const bus = await fullBus();
  const { receipt } = await takeOne(bus, "a1");
  const address = async () => {
    await ack(bus, receipt);
    return bus.doorbell.address();
  };
  const hurried = { ...bus, doorbell: { ...bus.doorbell, address } };
  assert.equal((await wait(hurried)).id, 2);
});

test("each place that becomes free wakes one sender, the one who waits longest", async () => {
  const bus = await fullBus({ inboxCap: 2 });
  await put(bus, "a1", "second");
  const held = await take(bus, "a1");
  const senders = ["x", "y", "z"].map(
    (body) => [onlyRings(neighbour(bus, living())), body] as const,
  );
  const sendings = [];
  for (const [n, [sender, body]] of senders.entries()) {
    sendings.push(wait(sender, draft("a1", body)));
    await untilWaiting(bus, "a1", "room", n + 1);
  }
  for (const [n, { receipt }] of held.entries()) {
    await ack(bus, receipt);
    await sendings[n];
    await untilWaiting(bus, "a1", "room", 2 - n);
  }
  assert.deepEqual(texts(await take(bus, "a1", { max: 1 })), ["x"]);
  assert.deepEqual(
    senders.map(([{ doorbell }]) => doorbell.rings()),
    [1, 1, 0],
  );
  await ack(bus, (await takeOne(bus, "a1")).receipt);
  await sendings[2];
});

test("a long batch does not keep the head of the line: others get their turn", async () => {
  const bus = await fullBus();
  const batch = sendBatch(
    bus,
    ["b1", "b2", "b3"].map((body) => draft("a1", body)),
    lines,
  );
  await untilWaiting(bus, "a1", "room", 1);
  const single = wait(onlyRings(neighbour(bus, living())), draft("a1", "single"));
  const order = [];
  for (let waiting = 2; order.length < 5;) {
    await untilWaiting(bus, "a1", "room", waiting);
    const delivery = await takeOne(bus, "a1");
    order.push(...texts([delivery]));
    if (order.length === 2 || order.length === 4) waiting--;
    if (order.length < 5) await ack(bus, delivery.receipt);
    await waitUntil(
      "it is full again",
      async () => (await ledgerOf(bus, "a1"))?.ready === 1 || order.length === 5,
    );
  }
  assert.deepEqual(order, ["first", "b1", "single", "b2", "b3"]);
  await Promise.all([batch, single]);
});

test("a sender whose time is over gets E_FULL, nothing was sent, and nobody waits", async () => {
  const bus = await liveBus({ inboxCap: 1 });
  await put(bus, "a1");
  const begun = elapsedMs();
  await assert.rejects(wait(bus, draft("a1"), { timeoutMs: 120 }), { code: "E_FULL" });
  assert.ok(elapsedMs() - begun >= 115);
  assert.equal(await rowsOf(bus, "messages"), 1);
  assert.deepEqual(await waitersOf(bus, "a1", "room"), []);
});

test("a sender that is told to stop gets E_FULL at once, and nobody waits", async () => {
  const bus = await fullBus();
  const stop = new AbortController();
  const sending = wait(bus, draft("a1"), { signal: stop.signal });
  await untilWaiting(bus, "a1", "room");
  stop.abort();
  await assert.rejects(sending, { code: "E_FULL" });
  assert.deepEqual(await waitersOf(bus, "a1", "room"), []);
});

test("a drain that begins while a sender waits ends the wait at once", async () => {
  const bus = await fullBus();
  const refused = assert.rejects(wait(bus), { code: "E_DRAINING" });
  await untilWaiting(bus, "a1", "room");
  await bus.store.write((tx) => closeIntake(tx, bus.clock.tick() + 1_000));
  await refused;
  assert.deepEqual(await waitersOf(bus, "a1", "room"), []);
});

test("without a socket a sender looks by itself", async () => {
  const { bus, naps } = countingNaps(withoutSocket(await liveBus({ inboxCap: 1 })));
  await put(bus, "a1");
  const { receipt } = await takeOne(bus, "a1");
  const sending = wait(bus);
  await untilWaiting(bus, "a1", "room");
  await ack(bus, receipt);
  await sending;
  assert.ok(naps[0]! <= 60, String(naps));
});

test("a batch that waits for room goes on where it stopped, in order", async () => {
  const bus = await fullBus({ inboxCap: 2 });
  const sending = sendBatch(
    bus,
    Array.from({ length: 6 }, (_, n) => draft("a1", String(n))),
    lines,
  );
  const received: unknown[] = [];
  while (received.length < 7) {
    const deliveries = await take(bus, "a1");
    received.push(...texts(deliveries));
    for (const { receipt } of deliveries) await ack(bus, receipt);
    await new Promise(setImmediate);
  }
  assert.deepEqual(received, ["first", "0", "1", "2", "3", "4", "5"]);
  assert.deepEqual(
    (await sending).map((outcome) => (outcome as { id: number }).id),
    [2, 3, 4, 5, 6, 7],
  );
});

test("an atomic batch waits until all of it fits", async () => {
  const bus = await fullBus({ inboxCap: 2 });
  const { receipt } = await takeOne(bus, "a1");
  const sending = sendBatch(bus, [draft("a1"), draft("a1")], { ...patient, atomic: true });
  await untilWaiting(bus, "a1", "room");
  assert.equal(await rowsOf(bus, "messages"), 1);
  await ack(bus, receipt);
  assert.equal((await sending).length, 2);
});

test("a batch waits for room once and not for each line: refusals are no progress", async () => {
  const { bus, naps } = countingNaps(await liveBus({ inboxCap: 1 }));
  await put(bus, "a1");
  const drafts = Array.from({ length: 3 * batchMax }, () => draft("a1"));
  const outcomes = await sendBatch(bus, drafts, { ...lines, timeoutMs: 1_000 });
  assert.ok(outcomes.every((outcome) => outcome instanceof SkepError));
  assert.ok(naps.reduce((sum, nap) => sum + nap, 0) < 2 * 1_000, String(naps));
});

test("when one line of a batch has waited in vain, the others still go where there is room", async () => {
  const bus = await liveBus({ inboxCap: 1 });
  await put(bus, "a1");
  const drafts = [draft("a1"), draft("a2", "goes")];
  const [refused, sent] = await sendBatch(bus, drafts, { ...lines, timeoutMs: 50 });
  assert.equal(refused instanceof SkepError && refused.code, "E_FULL");
  assert.deepEqual(sent, { id: 2, to: "a2", created: true });
});

const standoffs: [string, Partial<Bus["settings"]>, Draft][] = [
  ["a request to itself in the last place", { inboxCap: 2 }, draft("a1", "?", { replyTo: "a1" })],
  [
    "an empty body where replies have taken more bytes than there are",
    { inboxBytes: 4 },
    draft("a1", ""),
  ],
];
for (const [what, settings, request] of standoffs)
  test(`${what} waits quietly, and does not try again and again`, async () => {
    const bus = await liveBus(settings);
    await put(bus, "a1", "1234");
    if (settings.inboxBytes !== undefined) {
      await put(bus, "a2", "?", { replyTo: "a1" });
      await ack(bus, (await takeOne(bus, "a2")).receipt, { reply: "more" });
    }
    let writes = 0;
    const write: typeof bus.store.write = (...args) => (writes++, bus.store.write(...args));
    const counting = { ...bus, store: { ...bus.store, write } };
    await assert.rejects(wait(counting, request, { timeoutMs: 300 }), { code: "E_FULL" });
    assert.ok(writes <= 8, `${writes} transactions`);
  });
