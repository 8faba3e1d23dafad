import assert from "node:assert/strict";
import { test } from "node:test";
import { closeAddressBook, createTemporaryInbox } from "../../src/bus/ledger.ts";
import { publish } from "../../src/bus/publish.ts";
import { addressBook, clearRoutes, isBound, resolve, setRoutes } from "../../src/bus/routes.ts";
import { send, sendBatch, sendTx } from "../../src/bus/send.ts";
import { replyByReceiptTx } from "../../src/bus/settle.ts";
import { subscribeTx } from "../../src/bus/subscribe.ts";
import { SkepError } from "../../src/core/errors.ts";
import { bytesOf } from "../../src/core/text.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { routeAll, routes, team } from "./routed.ts";
import { publication } from "./subscribers.ts";
import { ack, draft, ledgerOf, put, rowsOf, take, takeOne, texts } from "./verbs.ts";

const { handBus } = tempBuses();

const routedBus = async (...[settings = {}]: Parameters<typeof handBus>) =>
  routeAll(await handBus(settings));

const closed = { code: "E_NOT_FOUND" };

test("a sender with an address book writes to those in it, by name or by address", async () => {
  const bus = await routedBus();
  assert.deepEqual(await put(bus, "c1", "1", { from: "w1" }), { id: 1, to: "c1" });
  const sent = { id: 2, to: "@coordinator", deliveries: 1 };
  assert.deepEqual(await put(bus, "@coordinator", "2", { from: "w1" }), sent);
  const got = await take(bus, "c1");
  assert.deepEqual(texts(got), ["1", "2"]);
  assert.deepEqual(
    got.map(({ to, from }) => [from, to]),
    [
      ["w1", "c1"],
      ["w1", "c1"],
    ],
  );
});

test("anybody else is not found, what there is is named, and nothing is sent", async () => {
  const bus = await routedBus();
  await put(bus, "w2");
  await assert.rejects(put(bus, "w2", "psst", { from: "w1" }), {
    ...closed,
    message: "w2 is not in the address book of w1",
    hint: "It holds @coordinator, @team:c1, c1, w1.",
  });
  await assert.rejects(put(bus, "@workers", "all", { from: "w1" }), {
    ...closed,
    message: "@workers is not in the address book of w1",
    hint: "It holds @coordinator, @team:c1, c1, w1.",
  });
  await assert.rejects(put(bus, "@coordinater", "all", { from: "w1" }), { code: "E_NAME" });
  await assert.rejects(put(bus, "c11", "typo", { from: "w1" }), {
    ...closed,
    hint: "Did you mean c1? It holds @coordinator, @team:c1, c1, w1.",
  });
  assert.equal(await rowsOf(bus, "messages"), 1);
});

test("of a long address book the addresses are named first, and the rest is counted", async () => {
  const names = Array.from({ length: 50 }, (_, n) => `x${n}`);
  const own = Object.fromEntries(names.map((name) => [name, [name]]));
  const bus = await routeAll(await handBus(), { c1: { ...own, "@workers": names } });
  await assert.rejects(put(bus, "nobody", "", { from: "c1" }), {
    hint: /^It holds @workers, (x\d+, ){10}x\d+ and 39 more\.$/,
  });
});

test("a sender without one writes to anybody, and addresses mean nothing to it", async () => {
  const bus = await routedBus();
  for (const from of ["ada", null])
    for (const to of ["w1", "c1"]) assert.equal((await put(bus, to, "hi", { from })).to, to);
  await assert.rejects(put(bus, "@workers", "", { from: "ada" }), {
    ...closed,
    message: "@workers means nothing to ada",
    hint: /whose topology is not flat/,
  });
  await assert.rejects(put(bus, "@workers"), {
    message: "@workers means nothing to a sender without a name",
  });
});

test("a batch answers line by line, and an atomic one is refused as a whole", async () => {
  const bus = await routedBus();
  const drafts = ["c1", "w2", "@coordinator", "@peers", "@nobody"].map((to) => draft(to));
  const options = { from: "w1", onFull: "fail", timeoutMs: 0 } as const;
  const outcomes = await sendBatch(bus, drafts, { ...options, atomic: false });
  assert.deepEqual(
    outcomes.map((outcome) => (outcome instanceof SkepError ? outcome.code : outcome)),
    [
      { id: 1, to: "c1" },
      "E_NOT_FOUND",
      { id: 2, to: "@coordinator", deliveries: 1 },
      "E_NOT_FOUND",
      "E_NAME",
    ],
  );
  await assert.rejects(sendBatch(bus, drafts, { ...options, atomic: true }), closed);
  assert.equal(await rowsOf(bus, "messages"), 2);
});

test("many to one inbox go there in their order", async () => {
  const bus = await routedBus();
  const drafts = ["1", "2", "3", "4"].map((body, n) => draft(n < 3 ? "c1" : "@coordinator", body));
  const options = { from: "w1", onFull: "fail", timeoutMs: 0, atomic: true } as const;
  await sendBatch(bus, drafts, options);
  assert.deepEqual(texts(await take(bus, "c1")), ["1", "2", "3", "4"]);
});

test("what is sent with an ack, or in somebody's transaction, is held to it too, and then nothing is acked", async () => {
  const bus = await routedBus();
  await put(bus, "w1");
  const { receipt } = await takeOne(bus, "w1");
  const send = [draft("c1"), draft("w2")];
  await assert.rejects(ack(bus, receipt, { from: "w1", send }), closed);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "w1"), { leased: 1 });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "c1"), { ready: 0 });
  const acked = await ack(bus, receipt, { from: "w1", send: [draft("@coordinator")] });
  assert.deepEqual(acked.sent, [{ id: 2, to: "@coordinator", deliveries: 1 }]);
  const sending = bus.store.write((tx) => sendTx(tx, bus.settings, "w1", draft("w2")));
  await assert.rejects(sending, closed);
});

test("whoever asked is answered, wherever that is", async () => {
  const bus = await routedBus();
  await put(bus, "w1", "by name", { from: "ada" });
  await put(bus, "w1", "with a slot", { replyTo: "ada" });
  const [named, slotted] = await take(bus, "w1");
  for (const { receipt } of [named!, slotted!]) await ack(bus, receipt, { from: "w1", reply: "!" });
  await put(bus, "w1", "twice", { replyTo: "ada" });
  const { receipt } = await takeOne(bus, "w1");
  const reply = { body: bytesOf("!!") };
  for (let n = 0; n < 2; n++)
    await bus.store.write((tx) =>
      replyByReceiptTx(tx, bus.settings, receipt, { from: "w1", reply }),
    );
  assert.deepEqual(texts(await take(bus, "ada")), ["!", "!", "!!", "!!"]);
  await assert.rejects(put(bus, "ada", "", { from: "w1" }), closed);
});

test("a request asks for its answer in its own inbox, whatever the address book says, and nobody else gets in there", async () => {
  const bus = await routedBus();
  await bus.store.write((tx) => createTemporaryInbox(tx, "request-1", 9e15));
  const question = draft("c1", "?", { replyTo: "request-1" });
  const options = { from: "w1", onFull: "fail", timeoutMs: 0 } as const;
  await send(bus, question, { ...options, answerInbox: "request-1" });
  for (const from of ["w1", "w2", null]) {
    await assert.rejects(put(bus, "request-1", "", { from }), { code: "E_NOT_FOUND" });
    const elsewhere = put(bus, "c1", "", { from, replyTo: "request-1" });
    await assert.rejects(elsewhere, { code: "E_NOT_FOUND" });
  }
  await ack(bus, (await takeOne(bus, "c1")).receipt, { from: "c1", reply: "!" });
  assert.deepEqual(texts(await take(bus, "request-1")), ["!"]);
});

test("an answer can be asked for where one may write to, and nowhere else", async () => {
  const bus = await routedBus();
  await put(bus, "c1", "?", { from: "w1", replyTo: "w1" });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "w1"), { reserved: 1 });
  const elsewhere = put(bus, "c1", "?", { from: "w1", replyTo: "w2" });
  await assert.rejects(elsewhere, { ...closed, message: /^w2 is not in/ });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "w2"), { reserved: 0 });
});

test("a publish is free: who gets it has subscribed", async () => {
  const bus = await routedBus();
  await bus.store.write((tx) => subscribeTx(tx, "news", "w2"));
  const options = { from: "w1", onFull: "fail", timeoutMs: 0 } as const;
  assert.equal((await publish(bus, publication("news"), options)).deliveries, 1);
});

test("a name may mean another inbox, for whoever writes to it and for its answers", async () => {
  const bus = await routeAll(await handBus(), { w1: { ...team["w1"], c1: ["c2"] } });
  assert.deepEqual(await put(bus, "c1", "to c1", { from: "w1", replyTo: "w1" }), {
    id: 1,
    to: "c1",
  });
  await put(bus, "w1", "task", { from: "c1" });
  await ack(bus, (await takeOne(bus, "w1")).receipt, { from: "w1", reply: "done" });
  assert.deepEqual(texts(await take(bus, "c2")), ["to c1", "done"]);
});

const replaced = { ...team, c2: { c2: ["c2"] }, "*": { c9: ["c1"] } };

test("another inbox stands in for one that is no more, whoever sends and however", async () => {
  const bus = await routeAll(await handBus(), replaced);
  await put(bus, "c9", "before");
  await bus.store.write(clearRoutes);
  await put(bus, "c9", "before");
  await routeAll(bus, replaced);
  assert.deepEqual(await put(bus, "c9", "of nobody"), { id: 3, to: "c9" });
  await put(bus, "c9", "of a person", { from: "ada" });
  await put(bus, "c9", "of a worker", { from: "w1" });
  await put(bus, "c9", "of itself", { from: "c1" });
  const drafts = ["1", "2", "3"].map((body) => draft("c9", body));
  const options = { from: null, onFull: "fail", timeoutMs: 0, atomic: true } as const;
  await sendBatch(bus, drafts, options);
  await put(bus, "w2", "an answer to c9", { replyTo: "c9" });
  await ack(bus, (await takeOne(bus, "w2")).receipt, { from: "w2", reply: "answered" });
  await put(bus, "w2", "one from c9", { from: "c9" });
  await ack(bus, (await takeOne(bus, "w2")).receipt, { from: "w2", reply: "answered too" });
  assert.deepEqual(texts(await take(bus, "c1")), [
    "before",
    "of nobody",
    "of a person",
    "of a worker",
    "of itself",
    "1",
    "2",
    "3",
    "answered",
    "answered too",
  ]);
  assert.deepEqual(texts(await take(bus, "c9")), ["before"]);
});

test("whoever does not reach the one that stands in does not reach it by the name of the other either", async () => {
  const bus = await routeAll(await handBus(), replaced);
  await assert.rejects(put(bus, "c9", "", { from: "c2" }), {
    ...closed,
    message: "c9 is not in the address book of c2",
  });
  assert.deepEqual(await put(bus, "w1", "", { from: null }), { id: 1, to: "w1" });
});

test("a sender's rate counts for what it routes", async () => {
  const bus = await routedBus();
  await bus.store.write((tx) =>
    tx.run("insert into senders (name, rate_per_s, burst) values ('w1', 1, 1)"),
  );
  await put(bus, "@coordinator", "", { from: "w1" });
  await assert.rejects(put(bus, "c1", "", { from: "w1" }), { code: "E_RATE" });
  bus.clock.pass(1_000);
  await put(bus, "c1", "", { from: "w1" });
});

test("setting routes takes the old ones away, and makes the inboxes they lead to", async () => {
  const bus = await handBus();
  await bus.store.write((tx) => setRoutes(tx, routes({ a: { b: ["b"] }, b: { a: ["a"] } })));
  assert.deepEqual(await ledgerOf(bus, "a"), { ...(await ledgerOf(bus, "b")) });
  const only = [{ sender: "a", address: "b", inbox: "b" }];
  await bus.store.write((tx) => setRoutes(tx, [...only, ...only]));
  assert.equal(await rowsOf(bus, "routes"), 1);
  await bus.store.write(closeAddressBook);
  const unknown = bus.store.write((tx) => setRoutes(tx, routes({ a: { c: ["c"] } })));
  await assert.rejects(unknown, closed);
  assert.equal(await rowsOf(bus, "routes"), 1);
});

test("without routes everybody is free again", async () => {
  const bus = await routedBus();
  const bound = () => bus.store.read((tx) => isBound(tx, "w1"));
  assert.equal(await bound(), true);
  await bus.store.write(clearRoutes);
  assert.equal(await bound(), false);
  assert.equal((await put(bus, "w2", "", { from: "w1" })).to, "w2");
});

test("an address book is read as it is", async () => {
  const { store } = await routedBus();
  const [book, none, all] = await store.read(async (tx) => [
    await addressBook(tx, "c1"),
    await addressBook(tx, "ada"),
    await resolve(tx, "c1", "@workers"),
  ]);
  assert.deepEqual(Object.fromEntries(book!), team["c1"]);
  assert.deepEqual([...none!], []);
  assert.deepEqual(all, ["w1", "w2", "w3"]);
});

test("a send that is free finds that out with one step down the tree", async () => {
  const { store } = await routedBus();
  const [step] = await store.write((tx) =>
    tx.all<{ detail: string }>("explain query plan select 1 from routes where sender = 'x'"),
  );
  assert.match(step!.detail, /^SEARCH routes USING (PRIMARY KEY|COVERING INDEX .*) \(sender=\?\)$/);
});
