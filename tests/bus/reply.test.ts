import assert from "node:assert/strict";
import { test } from "node:test";
import { closeAddressBook } from "../../src/bus/ledger.ts";
import { threadOf } from "../../src/bus/reply.ts";
import { sendBatch } from "../../src/bus/send.ts";
import { replyByReceiptTx } from "../../src/bus/settle.ts";
import { SkepError } from "../../src/core/errors.ts";
import { bytesOf } from "../../src/core/text.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { ack, ask, draft, ledgerOf, nack, put, take, takeOne, texts } from "./verbs.ts";

const { handBus } = tempBuses();

const answer = ({ store, settings }: HandBus, receipt: string, body: string, type?: string) =>
  store.write((tx) =>
    replyByReceiptTx(tx, settings, receipt, { from: "w1", reply: { body: bytesOf(body), type } }),
  );

test("an answer carries the type reply, the request's thread and its urgency", async () => {
  const bus = await handBus();
  await put(bus, "a1", "?", { replyTo: "a2", priority: 8 });
  await put(bus, "a1", "??", { replyTo: "a2", thread: "talk", priority: 7 });
  for (const { receipt } of await take(bus, "a1"))
    await ack(bus, receipt, { reply: "!", from: "w1" });
  const [one, two] = await take(bus, "a2");
  assert.partialDeepStrictEqual(one, { type: "reply", thread: "1", priority: 8, from: "w1" });
  assert.partialDeepStrictEqual(two, { thread: "talk", priority: 7, replyTo: null });
  assert.equal(threadOf({ id: 5, thread: null }), "5");
});

test("whoever did not say where to answer is answered in its own inbox", async () => {
  const bus = await handBus();
  await put(bus, "a1", "?", { from: "a2" });
  const acked = await ack(bus, (await takeOne(bus, "a1")).receipt, { reply: "!" });
  assert.partialDeepStrictEqual(acked.reply, { id: 2, to: "a2" });
});

test("there is nobody to answer when the sender did not say who it is, and nothing is acked", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  const { receipt } = await takeOne(bus, "a1");
  await assert.rejects(ack(bus, receipt, { reply: "!" }), {
    code: "E_NOT_FOUND",
    message: /message 1 has nobody to reply to/,
    hint: /--reply-to/,
  });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { leased: 1 });
});

test("a full inbox still takes the answer it has a slot for", async () => {
  const bus = await handBus({ inboxCap: 2, inboxBytes: 5 });
  await put(bus, "a1", "?", { replyTo: "a2" });
  await put(bus, "a2", "12345");
  await assert.rejects(put(bus, "a2"), { code: "E_FULL" });
  await ack(bus, (await takeOne(bus, "a1")).receipt, { reply: "!" });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a2"), { ready: 2, reserved: 0, bytes: 6 });
});

test("two full inboxes that answer each other make progress", async () => {
  const bus = await handBus({ inboxCap: 4 });
  for (let n = 0; n < 2; n++) {
    await put(bus, "a1", "?", { from: "a2", replyTo: "a2" });
    await put(bus, "a2", "?", { from: "a1", replyTo: "a1" });
  }
  for (const inbox of ["a1", "a2"]) await assert.rejects(put(bus, inbox), { code: "E_FULL" });
  for (const inbox of ["a1", "a2"])
    for (const { receipt } of await take(bus, inbox, { max: 2 }))
      await ack(bus, receipt, { reply: "!" });
  for (const inbox of ["a1", "a2"]) assert.deepEqual(texts(await take(bus, inbox)), ["!", "!"]);
});

test("a request is refused when there is no room for its answer, and takes no room itself", async () => {
  const bus = await handBus({ inboxCap: 2 });
  for (const inbox of ["a1", "a2", "a2"]) await put(bus, inbox);
  await assert.rejects(put(bus, "a1", "?", { replyTo: "a2" }), {
    code: "E_FULL",
    message: "inbox a2 has no room for the answer",
  });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 1, bytes: 5 });
});

test("of a batch of requests as many go as there are slots for answers, and the rest are refused in place", async () => {
  const bus = await handBus({ inboxCap: 3 });
  await put(bus, "a2");
  const requests = Array.from({ length: 4 }, () => draft("a1", "?", { replyTo: "a2" }));
  const outcomes = await sendBatch(bus, [...requests, draft("a1")], {
    from: null,
    onFull: "fail",
    timeoutMs: 0,
    atomic: false,
  });
  assert.deepEqual(
    outcomes.map((outcome) => (outcome instanceof SkepError ? outcome.message : outcome.id)),
    [2, 3, ...Array(2).fill("inbox a2 has no room for the answer"), 4],
  );
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a2"), { ready: 1, reserved: 2 });
});

test("a request to oneself takes two places: its own and its answer's", async () => {
  const bus = await handBus({ inboxCap: 2 });
  await put(bus, "a1", "?", { replyTo: "a1" });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 1, reserved: 1 });
  await assert.rejects(put(bus, "a1"), { code: "E_FULL" });
  await ack(bus, (await takeOne(bus, "a1")).receipt, { reply: "!" });
  assert.deepEqual(texts(await take(bus, "a1")), ["!"]);
});

test("an ack without an answer gives up the slot", async () => {
  const bus = await handBus({ inboxCap: 1 });
  await put(bus, "a1", "?", { replyTo: "a2" });
  await assert.rejects(put(bus, "a2"), { code: "E_FULL" });
  await ack(bus, (await takeOne(bus, "a1")).receipt);
  await put(bus, "a2");
});

test("a slot outlives nacks and new holders, until the request is settled", async () => {
  const bus = await handBus();
  await put(bus, "a1", "?", { replyTo: "a2" });
  await nack(bus, (await takeOne(bus, "a1")).receipt, { delayMs: 0 });
  await takeOne(bus, "a1", { leaseMs: 10 });
  bus.clock.pass(10);
  const { receipt } = await takeOne(bus, "a1");
  assert.equal((await ledgerOf(bus, "a2"))?.reserved, 1);
  await ack(bus, receipt, { reply: "!" });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a2"), { ready: 1, reserved: 0 });
});

test("one can answer and keep the work; the ack afterwards gives up nothing twice", async () => {
  const bus = await handBus();
  await put(bus, "a1", "?", { replyTo: "a2" });
  const { receipt } = await takeOne(bus, "a1");
  assert.deepEqual(await answer(bus, receipt, "!", "partial"), { id: 2, to: "a2" });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a2"), { ready: 1, reserved: 0 });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { leased: 1 });
  await ack(bus, receipt);
  assert.equal((await takeOne(bus, "a2")).type, "partial");
});

test("a second answer is a message like any other, and needs room", async () => {
  const bus = await handBus({ inboxCap: 2 });
  await put(bus, "a1", "?", { replyTo: "a2" });
  const { receipt } = await takeOne(bus, "a1");
  for (const body of ["1", "2"]) await answer(bus, receipt, body);
  await assert.rejects(answer(bus, receipt, "3"), { code: "E_FULL" });
  await assert.rejects(ack(bus, receipt, { reply: "3" }), { code: "E_FULL" });
  assert.deepEqual(texts(await take(bus, "a2")), ["1", "2"]);
  await ack(bus, receipt);
});

test("an answer with a receipt that is stale is refused, and the slot stays for who holds it now", async () => {
  const bus = await handBus();
  await put(bus, "a1", "?", { replyTo: "a2" });
  const slow = await takeOne(bus, "a1", { leaseMs: 10 });
  bus.clock.pass(10);
  await takeOne(bus, "a1");
  await assert.rejects(answer(bus, slow.receipt, "!"), { code: "E_STALE" });
  assert.equal((await ledgerOf(bus, "a2"))?.reserved, 1);
});

test("a request takes the one answer that it asked for, and no second one", async () => {
  const bus = await handBus();
  await ask(bus, "a1", "request-1");
  const { receipt } = await takeOne(bus, "a1");
  await answer(bus, receipt, "!");
  const refused = { code: "E_NOT_FOUND", message: /^nobody waits for an answer to message 1/ };
  await assert.rejects(answer(bus, receipt, "!!"), refused);
  await assert.rejects(ack(bus, receipt, { reply: "!!" }), refused);
  assert.deepEqual(texts(await take(bus, "request-1")), ["!"]);
  await ack(bus, receipt);
});

test("a second answer finds nobody when whoever asked has left and taken its inbox along", async () => {
  const bus = await handBus();
  await ask(bus, "a1", "request-1");
  const { receipt } = await takeOne(bus, "a1");
  await answer(bus, receipt, "!");
  await ack(bus, (await takeOne(bus, "request-1")).receipt);
  await bus.store.write((tx) => tx.run("delete from ledger where inbox = 'request-1'"));
  await assert.rejects(ack(bus, receipt, { reply: "!!" }), {
    code: "E_NOT_FOUND",
    message: "nobody waits for an answer to message 1 any more",
    hint: "Ack without a reply.",
  });
  await ack(bus, receipt);
  assert.equal(await ledgerOf(bus, "request-1"), undefined);
});

for (const [what, reply, code] of [
  ["too long", { body: new Uint8Array(10_001) }, "E_BODY"],
  ["of a type that is too long", { body: bytesOf("!"), type: "t".repeat(257) }, "E_USAGE"],
] as const)
  test(`an answer ${what} is refused like any message, and the slot stays`, async () => {
    const bus = await handBus();
    await put(bus, "a1", "?", { replyTo: "a2" });
    const { receipt } = await takeOne(bus, "a1");
    const replying = bus.store.write((tx) =>
      replyByReceiptTx(tx, bus.settings, receipt, { from: null, reply }),
    );
    await assert.rejects(replying, { code });
    assert.partialDeepStrictEqual(await ledgerOf(bus, "a2"), { ready: 0, reserved: 1 });
  });

test("an answer goes to its slot though the address book is closed", async () => {
  const bus = await handBus();
  await put(bus, "a1", "?", { replyTo: "a2" });
  await put(bus, "a1", "?", { from: "gone" });
  await bus.store.write(closeAddressBook);
  const [asked, unasked] = await take(bus, "a1");
  assert.equal((await ack(bus, asked!.receipt, { reply: "!" })).reply?.to, "a2");
  await assert.rejects(ack(bus, unasked!.receipt, { reply: "!" }), { code: "E_NOT_FOUND" });
});
