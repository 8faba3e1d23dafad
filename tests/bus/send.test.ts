import assert from "node:assert/strict";
import { test } from "node:test";
import { closeAddressBook, createInbox } from "../../src/bus/ledger.ts";
import type { Draft } from "../../src/bus/message.ts";
import { type SendOptions, batchMax, send, sendBatch, sendTx } from "../../src/bus/send.ts";
import { SkepError } from "../../src/core/errors.ts";
import { bytesOf } from "../../src/core/text.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { ack, draft, ledgerOf, put, rowsOf, take, takeOne, texts } from "./verbs.ts";

const { handBus } = tempBuses();

const now: SendOptions = { from: "tester", onFull: "fail", timeoutMs: 0 };
const lines = { ...now, atomic: false };
const atomic = { ...now, atomic: true };

/** Drafts to `to` whose bodies count from `first`. */
const counted = (to: string, count: number, first = 0): Draft[] =>
  Array.from({ length: count }, (_, n) => draft(to, String(first + n)));

test("a send answers with the message's id, and says when it made the inbox", async () => {
  const bus = await handBus();
  assert.deepEqual(await put(bus, "a1"), { id: 1, to: "a1", created: true });
  assert.deepEqual(await put(bus, "a1"), { id: 2, to: "a1" });
});

test("what was sent arrives as it was sent", async () => {
  const bus = await handBus();
  await put(bus, "a2");
  const more = { type: "ask", thread: "t", replyTo: "a2", priority: 7 };
  const { id } = await send(bus, draft("a1", "what?", more), { ...now, from: "a9" });
  const { receipt, leaseUntil, ...delivery } = await takeOne(bus, "a1");
  assert.deepEqual(delivery, {
    id,
    from: "a9",
    to: "a1",
    type: "ask",
    body: bytesOf("what?"),
    priority: 7,
    attempt: 1,
    sentAt: bus.clock.now(),
    thread: "t",
    replyTo: "a2",
  });
});

const bodies: [string, Uint8Array][] = [
  ["empty", new Uint8Array(0)],
  ["NUL and every other byte", Uint8Array.from({ length: 256 }, (_, n) => n)],
  ["invalid UTF-8", Uint8Array.of(0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80)],
  ["exactly at the limit", new Uint8Array(10_000).fill(7)],
];
for (const [what, body] of bodies)
  test(`a body that is ${what} is kept byte for byte`, async () => {
    const bus = await handBus();
    await send(bus, { to: "a1", body }, now);
    assert.deepEqual([...(await takeOne(bus, "a1")).body], [...body]);
  });

test("a body of one byte over the limit is refused and nothing is there", async () => {
  const bus = await handBus();
  const sending = send(bus, { to: "a1", body: new Uint8Array(10_001) }, now);
  await assert.rejects(sending, { code: "E_BODY", message: /10001 bytes; 10000 are allowed/ });
  assert.equal(await rowsOf(bus, "messages"), 0);
  assert.equal(await ledgerOf(bus, "a1"), undefined);
});

test("a send that cannot be committed fails, and nothing of it is there", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  const fault = new SkepError("E_DISK", "the disk is full");
  const write = bus.store.write;
  // As when the commit itself fails: all of it was done, and none of it is kept.
  const full: typeof bus.store.write = (work, options) =>
    write(async (tx) => {
      await work(tx);
      throw fault;
    }, options);
  const broken = { ...bus, store: { ...bus.store, write: full } };
  await assert.rejects(put(broken, "a1"), fault);
  await assert.rejects(sendBatch(broken, counted("a1", 3), lines), fault);
  assert.equal(await rowsOf(bus, "messages"), 1);
});

test("ids are never used again, not even when every message is gone", async () => {
  const bus = await handBus();
  const ids = [];
  for (let n = 0; n < 3; n++) {
    ids.push((await put(bus, "a1")).id);
    for (const { receipt } of await take(bus, "a1")) await ack(bus, receipt);
    await bus.store.write((tx) => tx.run("delete from messages where id = $id", { id: n + 1 }));
    await bus.store.write((tx) => tx.run("delete from history"));
    await bus.store.write((tx) => tx.run("delete from messages"));
  }
  assert.deepEqual(ids, [1, 2, 3]);
  // Nothing of the bus may be counted as lost for what was only deleted here.
  await bus.store.write((tx) => tx.run("delete from ledger"));
});

test("a batch is answered line by line, with each error in its place", async () => {
  const bus = await handBus({ inboxCap: 2 });
  const outcomes = await sendBatch(
    bus,
    [
      draft("a1", "first"),
      draft("../x"),
      draft("a2"),
      { to: "a1", body: new Uint8Array(10_001) },
      draft("a1", "second"),
      draft("a1", "third"),
      draft("a2", "last"),
    ],
    lines,
  );
  assert.deepEqual(
    outcomes.map((outcome) => (outcome instanceof SkepError ? outcome.code : outcome)),
    [
      { id: 1, to: "a1", created: true },
      "E_NAME",
      { id: 2, to: "a2", created: true },
      "E_BODY",
      { id: 3, to: "a1" },
      "E_FULL",
      { id: 4, to: "a2" },
    ],
  );
  assert.deepEqual(texts(await take(bus, "a1")), ["first", "second"]);
});

test("a batch of nothing has no outcomes", async () => {
  const bus = await handBus();
  assert.deepEqual(await sendBatch(bus, [], lines), []);
  assert.deepEqual(await sendBatch(bus, [], atomic), []);
});

test("a long batch goes in several transactions and keeps its order", async () => {
  const bus = await handBus({ inboxCap: 5_000 });
  let transactions = 0;
  const write: typeof bus.store.write = (...args) => (transactions++, bus.store.write(...args));
  const counting = { ...bus, store: { ...bus.store, write } };
  const outcomes = await sendBatch(counting, counted("a1", batchMax * 2 + 1), lines);
  assert.deepEqual(
    outcomes.map((outcome) => (outcome as { id: number }).id),
    outcomes.map((_, n) => n + 1),
  );
  assert.equal(transactions, 3);
  const received = texts(await take(bus, "a1", { max: 5_000 }));
  assert.deepEqual(
    received,
    outcomes.map((_, n) => String(n)),
  );
});

test("a batch that fails midway answers for what it has committed", async () => {
  const bus = await handBus();
  let transactions = 0;
  const fault = new SkepError("E_BUSY", "locked");
  const write: typeof bus.store.write = (...args) =>
    ++transactions === 2 ? Promise.reject(fault) : bus.store.write(...args);
  const broken = { ...bus, store: { ...bus.store, write } };
  const outcomes = await sendBatch(broken, counted("a1", batchMax + 2), lines);
  assert.equal(outcomes.length, batchMax + 2);
  assert.deepEqual(outcomes.slice(batchMax - 1), [{ id: batchMax, to: "a1" }, fault, fault]);
  assert.equal(await rowsOf(bus, "messages"), batchMax);
});

test("an atomic batch is sent as a whole", async () => {
  const bus = await handBus();
  const outcomes = await sendBatch(bus, counted("a1", batchMax), atomic);
  assert.equal(outcomes.length, batchMax);
  assert.equal((await ledgerOf(bus, "a1"))?.ready, batchMax);
});

const refusals: [string, Draft, string, string][] = [
  ["has a bad name in it", draft("../x"), "E_NAME", '"../x" is not a valid inbox name'],
  [
    "has too long a body in it",
    { to: "a1", body: new Uint8Array(10_001) },
    "E_BODY",
    "the body has 10001 bytes; 10000 are allowed",
  ],
  ["finds an inbox full", draft("small"), "E_FULL", "inbox small is full"],
  [
    "has no room for an answer",
    draft("a1", "?", { replyTo: "small" }),
    "E_FULL",
    "inbox small has no room for the answer",
  ],
];
for (const [what, last, code, message] of refusals)
  test(`an atomic batch that ${what} sends nothing at all, and says which message that is`, async () => {
    const bus = await handBus({ inboxCap: 3 });
    for (let n = 0; n < 3; n++) await put(bus, "small");
    const drafts = [draft("a1"), draft("new"), last];
    await assert.rejects(sendBatch(bus, drafts, atomic), { code, message });
    const nameOf = (index: number) => `line ${index + 5}`;
    const named = { code, message: `line 7: ${message}` };
    await assert.rejects(sendBatch(bus, drafts, { ...atomic, nameOf }), named);
    const alone = { code, message: `line 5: ${message}` };
    await assert.rejects(sendBatch(bus, [last], { ...atomic, nameOf }), alone);
    assert.equal(await rowsOf(bus, "messages"), 3);
    assert.equal(await ledgerOf(bus, "new"), undefined);
  });

test("an atomic batch of more than 500 is refused before anything is done", async () => {
  const bus = await handBus();
  const sending = sendBatch(bus, counted("a1", batchMax + 1), atomic);
  await assert.rejects(sending, { code: "E_USAGE", message: /501 messages .* 500 are allowed/ });
  assert.equal(await rowsOf(bus, "messages"), 0);
});

test("with the address book closed an unknown name is refused, with the one that was meant", async () => {
  const bus = await handBus();
  await put(bus, "planner");
  await bus.store.write(closeAddressBook);
  await assert.rejects(put(bus, "plannner"), {
    code: "E_NOT_FOUND",
    message: "there is no inbox plannner",
    hint: "Did you mean planner?",
  });
  await assert.rejects(put(bus, "zebra"), { code: "E_NOT_FOUND", hint: /skep inboxes/ });
  assert.deepEqual(await put(bus, "planner"), { id: 2, to: "planner" });
});

test("a batch line whose answer could go nowhere leaves no trace in the ledger", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  await bus.store.write(closeAddressBook);
  const drafts = [draft("a1"), draft("a1", "?", { replyTo: "nobody" }), draft("a1")];
  const outcomes = await sendBatch(bus, drafts, lines);
  assert.deepEqual(
    outcomes.map((outcome) => (outcome instanceof SkepError ? outcome.code : outcome.id)),
    [2, "E_NOT_FOUND", 3],
  );
  assert.equal((await ledgerOf(bus, "a1"))?.ready, 3);
});

test("a send inside somebody's transaction is undone with it", async () => {
  const bus = await handBus();
  const work = bus.store.write(async (tx) => {
    await createInbox(tx, "a1");
    await sendTx(tx, bus.settings, null, draft("a1"));
    await sendTx(tx, { ...bus.settings, inboxCap: 1 }, null, draft("a1"));
  });
  await assert.rejects(work, { code: "E_FULL", retryAfterMs: 250 });
  assert.equal(await rowsOf(bus, "messages"), 0);
  assert.equal(await rowsOf(bus, "ledger"), 0);
});

test("only a durable send asks its transaction to wait for the disk, and a durable batch each of its own", async () => {
  const bus = await handBus();
  const asked: unknown[] = [];
  const write: typeof bus.store.write = (work, options) => {
    asked.push(options?.durable ?? false);
    return bus.store.write(work, options);
  };
  const watched = { ...bus, store: { ...bus.store, write } };
  await send(watched, draft("a1"), now);
  await send(watched, draft("a1"), { ...now, durable: true });
  await sendBatch(watched, counted("a1", batchMax + 1), { ...lines, durable: true });
  assert.deepEqual(asked, [false, true, true, true]);
});
