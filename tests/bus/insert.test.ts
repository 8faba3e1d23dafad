import assert from "node:assert/strict";
import { test } from "node:test";
import { sendBatch } from "../../src/bus/send.ts";
import { type Step, trace } from "../../src/bus/trace.ts";
import { startWaiting } from "../../src/bus/waiters.ts";
import { SkepError } from "../../src/core/errors.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { ack, draft, ledgerOf, put, take, takeOne, texts } from "./verbs.ts";
import { livingProcesses, waitersOf } from "./waiting.ts";

const { handBus } = tempBuses();
const living = livingProcesses();

const lines = { from: "tester", onFull: "fail", timeoutMs: 0, atomic: false } as const;

test("messages that go together each keep what is theirs", async () => {
  const bus = await handBus();
  await put(bus, "a1", "before");
  const drafts = [
    draft("a1", "plain"),
    draft("a1", "urgent", { priority: 9 }),
    draft("a1", "", { type: "empty" }),
    draft("a1", "threaded", { thread: "t" }),
  ];
  assert.deepEqual(await sendBatch(bus, drafts, lines), [
    { id: 2, to: "a1" },
    { id: 3, to: "a1" },
    { id: 4, to: "a1" },
    { id: 5, to: "a1" },
  ]);
  const received = await take(bus, "a1");
  assert.deepEqual(texts(received), ["urgent", "before", "plain", "", "threaded"]);
  const told = received.map(({ id, from, type, thread }) => [id, from, type, thread]);
  assert.deepEqual(told, [
    [3, "tester", null, null],
    [1, null, null, null],
    [2, "tester", null, null],
    [4, "tester", "empty", null],
    [5, "tester", null, "t"],
  ]);
});

test("requests and plain messages, to this inbox and that, go in the order of the batch", async () => {
  const bus = await handBus();
  for (const inbox of ["a1", "a2"]) await put(bus, inbox, "first");
  const drafts = [
    draft("a1", "1"),
    draft("a1", "2", { replyTo: "a2" }),
    draft("a1", "3"),
    draft("a1", "4"),
    draft("a2", "5"),
    draft("a1", "6"),
  ];
  const outcomes = await sendBatch(bus, drafts, lines);
  assert.deepEqual(
    outcomes.map((outcome) => (outcome as { id: number }).id),
    [3, 4, 5, 6, 7, 8],
  );
  assert.deepEqual(texts(await take(bus, "a1")), ["first", "1", "2", "3", "4", "6"]);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a2"), { ready: 2, reserved: 1 });
});

test("when not all that go together fit, as many go as there is room for", async () => {
  const bus = await handBus({ inboxCap: 3 });
  await put(bus, "a1", "first");
  const drafts = ["1", "2", "3", "4"].map((body) => draft("a1", body));
  const outcomes = await sendBatch(bus, drafts, lines);
  assert.deepEqual(
    outcomes.map((outcome) => (outcome instanceof SkepError ? outcome.code : outcome.id)),
    [2, 3, "E_FULL", "E_FULL"],
  );
});

test("one that is unfit is refused in its place, and those that go with it go", async () => {
  const bus = await handBus();
  await put(bus, "a1", "first");
  const unfit = [
    { to: "a1", body: new Uint8Array(10_001) },
    draft("a1", "", { priority: 10 }),
    draft("a1", "", { thread: "" }),
  ];
  const drafts = [draft("a1", "1"), ...unfit, draft("a1", "2")];
  const outcomes = await sendBatch(bus, drafts, lines);
  assert.deepEqual(
    outcomes.map((outcome) => (outcome instanceof SkepError ? outcome.code : outcome.id)),
    [2, "E_BODY", "E_USAGE", "E_USAGE", 3],
  );
  assert.deepEqual(texts(await take(bus, "a1")), ["first", "1", "2"]);
});

test("as many of those who wait are rung as messages go together", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  await take(bus, "a1");
  for (const pid of [living(), living(), living()])
    await bus.store.write((tx) =>
      startWaiting(tx, "a1", "mail", { pid, startTime: 1, port: 9, nonce: 9 }),
    );
  await sendBatch(bus, [draft("a1"), draft("a1")], lines);
  assert.deepEqual(
    (await waitersOf(bus, "a1", "mail")).map(({ waiting }) => waiting),
    [0, 0, 1],
  );
});

test("an id that was used is passed over by those that come after, however many at once", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  await ack(bus, (await takeOne(bus, "a1")).receipt);
  await sendBatch(bus, [draft("a1"), draft("a1"), draft("a1")], lines);
  assert.equal((await put(bus, "a1")).id, 5);
  const { deliveries } = await bus.store.read((tx) => trace(tx, 3));
  assert.deepEqual(
    deliveries.map(({ steps }) => steps.map(({ what }: Step) => what)),
    [["sent"]],
  );
});

test("what is delayed, or has its time, goes together with its like, and keeps its order in the batch", async () => {
  const bus = await handBus();
  await put(bus, "a1", "first");
  const drafts = [
    draft("a1", "1"),
    draft("a1", "2", { delayMs: 10 }),
    draft("a1", "3", { delayMs: 10 }),
    draft("a1", "4", { delayMs: 20 }),
    draft("a1", "5", { ttlMs: 5 }),
    draft("a1", "6", { ttlMs: 5 }),
    draft("a1", "7"),
  ];
  const outcomes = await sendBatch(bus, drafts, lines);
  assert.deepEqual(
    outcomes.map((outcome) => (outcome as { id: number }).id),
    [2, 3, 4, 5, 6, 7, 8],
  );
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 5, delayed: 3, bytes: 12 });
  bus.clock.pass(5);
  assert.deepEqual(texts(await take(bus, "a1")), ["first", "1", "7"]);
  bus.clock.pass(5);
  assert.deepEqual(texts(await take(bus, "a1")), ["2", "3"]);
  bus.clock.pass(10);
  assert.deepEqual(texts(await take(bus, "a1")), ["4"]);
});

test("what is delayed takes its place in the inbox from the beginning", async () => {
  const bus = await handBus({ inboxCap: 2 });
  await put(bus, "a1", "x", { delayMs: 10 });
  await put(bus, "a1");
  await assert.rejects(put(bus, "a1"), { code: "E_FULL" });
});

for (const [delayMs, rung] of [
  [2_000, 1],
  [2_001, 0],
] as const)
  test(`of those who wait ${rung} is rung for what is due in ${delayMs} ms, however much that is`, async () => {
    const bus = await handBus();
    await put(bus, "a1");
    await take(bus, "a1");
    for (const pid of [living(), living()])
      await bus.store.write((tx) =>
        startWaiting(tx, "a1", "mail", { pid, startTime: 1, port: 9, nonce: 9 }),
      );
    const drafts = ["1", "2"].map((body) => draft("a1", body, { delayMs }));
    await sendBatch(bus, drafts, lines);
    const waiting = (await waitersOf(bus, "a1", "mail")).map((row) => row.waiting);
    assert.equal(waiting.filter((one) => one === 0).length, rung);
  });
