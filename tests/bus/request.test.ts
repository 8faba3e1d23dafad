import assert from "node:assert/strict";
import { test } from "node:test";
import { listInboxes } from "../../src/bus/inboxes.ts";
import { lockGraceMs } from "../../src/bus/bus.ts";
import { closeIntake } from "../../src/bus/intake.ts";
import { closeAddressBook } from "../../src/bus/ledger.ts";
import { setInboxLimits } from "../../src/bus/set-limits.ts";
import { receive } from "../../src/bus/receive.ts";
import { retain } from "../../src/bus/retain.ts";
import { request } from "../../src/bus/request.ts";
import { type SendOptions, sendBatch } from "../../src/bus/send.ts";
import { subscribeTx } from "../../src/bus/subscribe.ts";
import { pruneTemporary } from "../../src/bus/temporary.ts";
import type { WriteTx } from "../../src/store/store.ts";
import { onlyRings } from "../fixtures/bus/bus.ts";
import { type TempBus, tempBuses } from "../helpers/temp-bus.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { routeAll } from "./routed.ts";
import { ack, draft, ledgerOf, put, rowsOf, takeOne, texts } from "./verbs.ts";
import { livingProcesses, sleepy, untilWaiting, withoutSocket } from "./waiting.ts";

const { handBus, liveBus, neighbour } = tempBuses();
const living = livingProcesses();

const options: SendOptions = { from: "asker", onFull: "wait", timeoutMs: 60_000 };

/** Answers the next message in a1 as another process would. */
async function answerNext(bus: TempBus, reply: string): Promise<void> {
  const other = onlyRings(neighbour(bus, living()));
  const claim = { inbox: "a1", holder: "oracle", max: 1, leaseMs: 60_000, waitMs: 60_000 };
  const [delivery] = await receive(other, claim);
  await ack(other, delivery!.receipt!, { reply, from: "oracle" });
}

const inboxes = async ({ store }: TempBus) =>
  (await store.read(listInboxes)).map(({ inbox }) => inbox);

test("a request is answered, and nothing of it is left over but its history", async () => {
  const bus = onlyRings(await liveBus());
  const answering = answerNext(bus, "42");
  const answer = await request(bus, draft("a1", "six by seven?"), options);
  await answering;
  assert.deepEqual(texts([answer]), ["42"]);
  assert.partialDeepStrictEqual(answer, { type: "reply", from: "oracle", thread: "1" });
  assert.deepEqual(await inboxes(bus), ["a1"]);
  assert.equal(await rowsOf(bus, "deliveries"), 0);
  assert.equal(await rowsOf(bus, "history"), 2);
});

test("a request can be made though the address book is closed", async () => {
  const bus = onlyRings(await liveBus());
  await put(bus, "a1");
  await takeOne(bus, "a1");
  await bus.store.write(closeAddressBook);
  const answering = answerNext(bus, "yes");
  assert.deepEqual(texts([await request(bus, draft("a1"), options)]), ["yes"]);
  await answering;
});

test("a request to nobody fails, and leaves no inbox behind", async () => {
  const bus = await liveBus();
  await put(bus, "oracle");
  await bus.store.write(closeAddressBook);
  await assert.rejects(request(bus, draft("orcale"), options), {
    code: "E_NOT_FOUND",
    hint: "Did you mean oracle?",
  });
  assert.deepEqual(await inboxes(bus), ["oracle"]);
});

test("a request that is not answered in time says so, and which message to look for", async () => {
  const bus = await liveBus();
  await assert.rejects(request(bus, draft("a1"), { ...options, timeoutMs: 100 }), {
    code: "E_EMPTY",
    message: "no answer to message 1 from a1 in time",
    hint: /skep trace 1 /,
  });
});

test("whoever answers too late can still ack, for the slot is kept as long as the answer is owed", async () => {
  const bus = await liveBus();
  const asking = request(bus, draft("a1", "?", { ttlMs: 60_000 }), { ...options, timeoutMs: 50 });
  await assert.rejects(asking, { code: "E_EMPTY" });
  await bus.store.write(closeAddressBook);
  const { receipt, replyTo } = await takeOne(bus, "a1");
  assert.deepEqual((await ack(bus, receipt, { reply: "late" })).reply, { id: 2, to: replyTo });
});

test("a request that waits in vain in front of a full inbox says so, and leaves no inbox behind", async () => {
  const bus = await liveBus({ inboxCap: 1 });
  await put(bus, "a1");
  const asking = request(bus, draft("a1"), { ...options, timeoutMs: 100 });
  await assert.rejects(asking, { code: "E_FULL", message: "inbox a1 is full" });
  assert.deepEqual(await inboxes(bus), ["a1"]);
});

test("the time in front of a full inbox is part of the time for the answer", async () => {
  const { bus, naps, wake } = sleepy(await handBus({ inboxCap: 1 }));
  await put(bus, "a1");
  const { receipt } = await takeOne(bus, "a1");
  const asking = request(bus, draft("a1"), { ...options, timeoutMs: 300 });
  await waitUntil("it waits for room", () => naps.length === 1);
  bus.clock.pass(200);
  await ack(bus, receipt);
  wake();
  await waitUntil("it waits for the answer", () => naps.length === 2);
  assert.deepEqual(naps, [300, 100]);
  bus.clock.pass(100);
  wake();
  await assert.rejects(asking, { code: "E_EMPTY" });
});

test("a request that is told to stop ends at once", async () => {
  const bus = onlyRings(await liveBus());
  const stop = new AbortController();
  const asking = request(bus, draft("a1"), { ...options, signal: stop.signal });
  const { replyTo } = await takeOneSent(bus);
  await untilWaiting(bus, replyTo!, "mail");
  stop.abort();
  await assert.rejects(asking, { code: "E_EMPTY" });
  assert.partialDeepStrictEqual(await ledgerOf(bus, replyTo!), { reserved: 1 });
});

test("two requests at once get each its own answer", async () => {
  const bus = onlyRings(await liveBus());
  const asking = ["a", "b"].map((body) => request(bus, draft("a1", body), options));
  const held = [await takeOneSent(bus), await takeOneSent(bus)];
  for (const { receipt, body } of held.toReversed())
    await ack(bus, receipt, { reply: `${texts([{ body }])[0]}!` });
  assert.deepEqual(texts(await Promise.all(asking)), ["a!", "b!"]);
});

/** The next message in a1, once it is there. */
async function takeOneSent(bus: TempBus) {
  const claim = { inbox: "a1", holder: null, max: 1, leaseMs: 60_000, waitMs: 60_000 };
  const [delivery] = await receive(neighbour(bus, living()), claim);
  return { ...delivery!, receipt: delivery!.receipt! };
}

test("a question that nobody has claimed is taken back when its answer is waited for no more", async () => {
  const bus = await liveBus();
  await assert.rejects(request(bus, draft("a1"), { ...options, timeoutMs: 50 }), {
    code: "E_EMPTY",
  });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 0, bytes: 0 });
  assert.equal(await rowsOf(bus, "history"), 1);
  assert.equal(await rowsOf(bus, "ledger"), 1);
});

test("a request to an address that means one inbox is answered from there", async () => {
  const bus = onlyRings(await routeAll(await liveBus(), { asker: { "@coordinator": ["a1"] } }));
  const answering = answerNext(bus, "42");
  const answer = await request(bus, draft("@coordinator"), options);
  await answering;
  assert.partialDeepStrictEqual(answer, { from: "oracle", type: "reply" });
  assert.deepEqual(await inboxes(bus), ["a1"]);
});

test("a question to an address that nobody has claimed is taken back as well", async () => {
  const bus = await routeAll(await liveBus(), { asker: { "@coordinator": ["a1"] } });
  const asking = request(bus, draft("@coordinator"), { ...options, timeoutMs: 50 });
  await assert.rejects(asking, { message: "no answer to message 1 from @coordinator in time" });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 0, bytes: 0 });
});

test("a request to an address that means several inboxes is refused, and asks nobody", async () => {
  const bus = await routeAll(await liveBus(), { asker: { "@workers": ["a1", "a2"] } });
  await assert.rejects(request(bus, draft("@workers"), options), {
    code: "E_USAGE",
    message: "a request waits for one answer, and @workers means 2 inboxes",
    hint: /--reply-to/,
  });
  await assert.rejects(request(bus, draft("@peers"), options), { code: "E_NOT_FOUND" });
  assert.equal(await rowsOf(bus, "messages"), 0);
  assert.deepEqual(await inboxes(bus), ["a1", "a2"]);
});

test("a request that a drain cuts off says which message was sent, and takes it back when it can", async () => {
  const bus = onlyRings(await liveBus());
  const asking = request(bus, draft("a1"), options);
  await waitUntil("it waits", async () => (await rowsOf(bus, "waiters")) === 1);
  const refused = assert.rejects(asking, {
    code: "E_DRAINING",
    message: /^message 1 was sent, but/,
  });
  await bus.store.write((tx) => closeIntake(tx, bus.clock.tick() + 60_000, "drain"));
  await refused;
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 0, bytes: 0 });
  assert.equal(await rowsOf(bus, "history"), 1);
});

test("nothing but its answer gets into the inbox of a request", async () => {
  const bus = onlyRings(await liveBus());
  const asking = request(bus, draft("a1"), options);
  const { receipt, replyTo } = await takeOneSent(bus);
  const none = {
    code: "E_NOT_FOUND",
    message: `there is no inbox ${replyTo} to be sent to`,
    hint: /temporary inbox of a request/,
  };
  const write = (work: (tx: WriteTx) => Promise<unknown>) => bus.store.write(work);
  const tries: (() => Promise<unknown>)[] = [
    () => put(bus, replyTo!, "spam"),
    () => put(bus, "a2", "answer there", { replyTo }),
    () => put(bus, replyTo!, "to itself", { replyTo }),
    () => put(bus, replyTo!, "later", { delayMs: 1_000, key: "k" }),
    () => request(bus, draft(replyTo!), options),
    () => ack(bus, receipt, { send: [draft(replyTo!)] }),
    () => write((tx) => subscribeTx(tx, "news.>", replyTo!)),
    () => write((tx) => setInboxLimits(tx, bus.settings, replyTo!, { cap: 1 })),
  ];
  for (const tried of tries) await assert.rejects(tried(), none, String(tried));
  const two = [draft(replyTo!), draft(replyTo!), draft("a3")];
  const outcomes = await sendBatch(bus, two, { ...options, atomic: false });
  assert.deepEqual(
    outcomes.map((outcome) => ("code" in outcome ? outcome.code : outcome.to)),
    [none.code, none.code, "a3"],
  );
  assert.partialDeepStrictEqual(await ledgerOf(bus, replyTo!), { ready: 0, reserved: 1 });
  await ack(bus, receipt, { reply: "42" });
  assert.deepEqual(texts([await asking]), ["42"]);
  assert.deepEqual(await inboxes(bus), ["a1", "a3"]);
});

for (const [who, books] of [
  ["a free sender", {}],
  ["one with an address book", { asker: { a1: ["a1"] } }],
] as const)
  test(`a question of ${who} whose time is over before it can be sent is not, and keeps no slot anywhere`, async () => {
    const bus = await routeAll(await handBus({ inboxCap: 1 }), books);
    await put(bus, "a1");
    const { receipt } = await takeOne(bus, "a1");
    const asking = request(bus, draft("a1"), options);
    await untilWaiting(bus, "a1", "room");
    bus.clock.stepWall(options.timeoutMs + lockGraceMs);
    assert.equal(await bus.store.write((tx) => pruneTemporary(tx, bus.settings)), 1);
    await ack(bus, receipt);
    await assert.rejects(asking, {
      code: "E_EMPTY",
      message: "the question could not be sent in time, and was not",
      hint: "Ask again, with a longer --timeout.",
    });
    assert.deepEqual(await inboxes(bus), ["a1"]);
    assert.equal(await rowsOf(bus, "deliveries"), 0);
  });

test("whoever asks without a socket, and finds its inbox gone, waits no longer and leaves none behind", async () => {
  const { bus, naps, wake } = sleepy(withoutSocket(await handBus()));
  const asking = request(bus, draft("a1", "?"), options);
  await waitUntil("it sleeps", () => naps.length === 1);
  // The clock was wrong, and is set right: what was to be gone in a minute is.
  bus.clock.stepWall(3_600_000);
  await retain(bus);
  wake();
  await assert.rejects(asking, { code: "E_EMPTY" });
  assert.deepEqual(await inboxes(bus), ["a1"]);
});

test("a request whose inbox goes while it is about to claim its answer does not bring it back", async () => {
  const { bus, naps, wake } = sleepy(await handBus());
  const asking = request(bus, draft("a1"), options);
  await waitUntil("it waits for the answer", () => naps.length === 1);
  const { receipt } = await takeOne(bus, "a1");
  await ack(bus, receipt, { reply: "42" });
  // Longer than it is given, for the machine is busy.
  bus.clock.pass(options.timeoutMs + lockGraceMs);
  assert.equal(await bus.store.write((tx) => pruneTemporary(tx, bus.settings)), 1);
  wake();
  await assert.rejects(asking, { code: "E_EMPTY" });
  assert.deepEqual(await inboxes(bus), ["a1"]);
});
