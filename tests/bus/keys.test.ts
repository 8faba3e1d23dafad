import assert from "node:assert/strict";
import { test } from "node:test";
import { createInbox } from "../../src/bus/ledger.ts";
import type { Draft, Sent } from "../../src/bus/message.ts";
import { send, sendBatch } from "../../src/bus/send.ts";
import { SkepError } from "../../src/core/errors.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { ack, draft, ledgerOf, put, rowsOf, take, takeOne, texts } from "./verbs.ts";

const { handBus } = tempBuses();

const lines = { from: null, onFull: "fail", timeoutMs: 0, atomic: false } as const;
const again = { id: 1, to: "a1", already: true };

const sent = (outcomes: readonly (Sent | SkepError)[]) =>
  outcomes.map((outcome) => (outcome instanceof SkepError ? outcome.code : outcome));

function passWindow(bus: HandBus, more = 0): void {
  bus.clock.pass(bus.settings.keyWindowMs + more);
}

test("what is sent again with its key is not sent again, and the answer is the first one's id", async () => {
  const bus = await handBus();
  assert.deepEqual(await put(bus, "a1", "x", { key: "k" }), { id: 1, to: "a1", created: true });
  for (let n = 0; n < 2; n++) assert.deepEqual(await put(bus, "a1", "x", { key: "k" }), again);
  assert.deepEqual(texts(await take(bus, "a1")), ["x"]);
  assert.equal(await rowsOf(bus, "messages"), 1);
});

test("it is not sent again either when the first was acked", async () => {
  const bus = await handBus();
  await put(bus, "a1", "x", { key: "k" });
  await put(bus, "a1", "newest");
  await ack(bus, (await takeOne(bus, "a1")).receipt);
  assert.deepEqual(await put(bus, "a1", "x", { key: "k" }), again);
});

test("that its inbox is full by now does not matter to what was sent before", async () => {
  const bus = await handBus({ inboxCap: 1 });
  await put(bus, "a1", "x", { key: "k" });
  await assert.rejects(put(bus, "a1", "x", { key: "k2" }), { code: "E_FULL" });
  assert.deepEqual(await put(bus, "a1", "x", { key: "k" }), again);
});

const others: [string, Draft][] = [
  ["another recipient", draft("a2", "x", { key: "k", type: "t" })],
  ["another type", draft("a1", "x", { key: "k", type: "u" })],
  ["no type", draft("a1", "x", { key: "k" })],
  ["another body", draft("a1", "y", { key: "k", type: "t" })],
  ["what was its type in its body", draft("a1", '"t"\nx', { key: "k" })],
];
for (const [what, other] of others)
  test(`a key that is used again with ${what} is a conflict, and nothing is sent`, async () => {
    const bus = await handBus();
    await put(bus, "a1", "x", { key: "k", type: "t" });
    await assert.rejects(send(bus, other, lines), {
      code: "E_CONFLICT",
      message: 'the key "k" was used for another message, 1',
    });
    assert.equal(await rowsOf(bus, "messages"), 1);
    assert.deepEqual(await put(bus, "a1", "x", { key: "k", type: "t" }), again);
  });

test("how urgent it is, its thread and its times are not what makes it another message", async () => {
  const bus = await handBus();
  await put(bus, "a1", "x", { key: "k" });
  const more = { priority: 9, thread: "t", delayMs: 5, ttlMs: 50, replyTo: "a2" };
  assert.deepEqual(await put(bus, "a1", "x", { key: "k", ...more }), again);
  assert.equal(await ledgerOf(bus, "a2"), undefined);
});

test("each sender has keys of its own, and all who do not say who they are share theirs", async () => {
  const bus = await handBus();
  const ids = [];
  for (const from of ["ada", "bob", null, "ada", "bob", null])
    ids.push((await put(bus, "a1", "x", { key: "k", from })).id);
  assert.deepEqual(ids, [1, 2, 3, 1, 2, 3]);
});

test("a key is remembered to the end of its window, and is as good as new afterwards", async () => {
  const bus = await handBus();
  await put(bus, "a1", "x", { key: "k" });
  passWindow(bus, -1);
  assert.deepEqual(await put(bus, "a1", "x", { key: "k" }), again);
  passWindow(bus, 1 - bus.settings.keyWindowMs);
  assert.equal((await put(bus, "a1", "y", { key: "k" })).id, 2);
  assert.equal((await put(bus, "a1", "y", { key: "k" })).already, true);
  assert.equal(await rowsOf(bus, "keys"), 1);
});

test("what was not committed has no key", async () => {
  const bus = await handBus();
  const fault = new SkepError("E_DISK", "the disk is full");
  const write: typeof bus.store.write = (work, options) =>
    bus.store.write(async (tx) => {
      await work(tx);
      throw fault;
    }, options);
  const broken = { ...bus, store: { ...bus.store, write } };
  await assert.rejects(put(broken, "a1", "x", { key: "k" }), fault);
  assert.equal((await put(bus, "a1", "x", { key: "k" })).already, undefined);
});

test("in a batch only the line with the conflict is refused", async () => {
  const bus = await handBus();
  const outcomes = await sendBatch(
    bus,
    [
      draft("a1", "x", { key: "k" }),
      draft("a1", "x"),
      draft("a1", "x", { key: "k" }),
      draft("a1", "y", { key: "k" }),
      draft("a1", "z", { key: "l" }),
    ],
    lines,
  );
  assert.deepEqual(sent(outcomes), [
    { id: 1, to: "a1", created: true },
    { id: 2, to: "a1" },
    again,
    "E_CONFLICT",
    { id: 3, to: "a1" },
  ]);
});

test("an atomic batch with a conflict in it sends nothing; repeated, it is there already as a whole", async () => {
  const bus = await handBus();
  const first = [draft("a1", "1", { key: "k1" }), draft("a1", "2", { key: "k2" })];
  const conflict = [draft("a1", "3", { key: "k3" }), draft("a1", "other", { key: "k1" })];
  await sendBatch(bus, first, { ...lines, atomic: true });
  const refused = sendBatch(bus, conflict, { ...lines, atomic: true });
  await assert.rejects(refused, { code: "E_CONFLICT" });
  assert.equal(await rowsOf(bus, "messages"), 2);
  const outcomes = await sendBatch(bus, first, { ...lines, atomic: true });
  assert.deepEqual(sent(outcomes), [again, { ...again, id: 2 }]);
});

test("a conflict inside an atomic batch names the message that had the key first, for its id goes back with it", async () => {
  const bus = await handBus();
  await put(bus, "a1", "old", { key: "k0" });
  const nameOf = (index: number) => `line ${10 * (index + 1)}`;
  const refused = (drafts: Draft[], names?: typeof nameOf) =>
    sendBatch(bus, drafts, { ...lines, atomic: true, nameOf: names }).then(
      () => "sent",
      (error: SkepError) => `${error.code} ${error.message}`,
    );
  const inside = [
    draft("a1", "1", { key: "k1" }),
    draft("a1", "plain"),
    draft("a1", "1", { key: "k1" }),
    draft("a1", "2", { key: "k1" }),
  ];
  assert.equal(
    await refused(inside, nameOf),
    'E_CONFLICT line 40: the key "k1" is also that of line 10, which is another message',
  );
  assert.equal(
    await refused(inside),
    'E_CONFLICT the key "k1" is also that of message 1 of the batch, which is another message',
  );
  // What was there before the batch has an id that anybody can look up.
  const before = [
    draft("a1", "1", { key: "k1" }),
    draft("a1", "old", { key: "k0" }),
    draft("a1", "new", { key: "k0" }),
  ];
  assert.equal(
    await refused(before, nameOf),
    'E_CONFLICT line 30: the key "k0" was used for another message, 1',
  );
  assert.equal(await rowsOf(bus, "messages"), 1);
});

test("so does a conflict between messages that an ack sends", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  const { receipt } = await takeOne(bus, "a1");
  const send = [draft("a2", "x", { key: "k" }), draft("a2", "y", { key: "k" })];
  await assert.rejects(ack(bus, receipt, { send }), {
    code: "E_CONFLICT",
    message: 'the key "k" is also that of message 1 of the batch, which is another message',
  });
  assert.equal((await ledgerOf(bus, "a1"))?.leased, 1);
});

test("what an ack sends with a key is sent once, though two acks send it", async () => {
  const bus = await handBus();
  for (let n = 0; n < 2; n++) await put(bus, "a1");
  const results = [];
  for (const { receipt } of await take(bus, "a1"))
    results.push((await ack(bus, receipt, { send: [draft("a2", "done", { key: "k" })] })).sent);
  assert.deepEqual(results, [
    [{ id: 3, to: "a2", created: true }],
    [{ id: 3, to: "a2", already: true }],
  ]);
});

test("an ack whose send is a conflict acks nothing", async () => {
  const bus = await handBus();
  await put(bus, "a2", "x", { key: "k" });
  await put(bus, "a1");
  const { receipt } = await takeOne(bus, "a1");
  const acking = ack(bus, receipt, { send: [draft("a2", "y", { key: "k" })] });
  await assert.rejects(acking, { code: "E_CONFLICT" });
  assert.equal((await ledgerOf(bus, "a1"))?.leased, 1);
});

for (const [what, key] of [
  ["empty", ""],
  ["of 257 bytes", "é".repeat(128) + "x"],
  ["with a line break", "a\nb"],
  ["with a NUL", "a\0b"],
  ["with a DEL", "a\u007fb"],
  ["with a C1 control character", "a\u0085b"],
] as const)
  test(`a key ${what} is refused`, async () => {
    const bus = await handBus();
    await assert.rejects(put(bus, "a1", "x", { key }), { code: "E_USAGE", message: /the key/ });
    assert.equal(await rowsOf(bus, "messages"), 0);
  });

for (const key of ["k", "é".repeat(128), "' or 1=1 --", '100% "sure"', " "])
  test(`the key ${key.slice(0, 12)} is taken as it is`, async () => {
    const bus = await handBus();
    await bus.store.write((tx) => createInbox(tx, "a1"));
    for (const already of [undefined, true])
      assert.equal((await put(bus, "a1", "x", { key })).already, already);
  });
