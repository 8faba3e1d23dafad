import assert from "node:assert/strict";
import { test } from "node:test";
import type { BusSettings } from "../../src/bus/message.ts";
import { parkAll } from "../../src/bus/park.ts";
import { areKeysOver, isWindowDue, pruneKeys, pruneTx } from "../../src/bus/prune.ts";
import { publish } from "../../src/bus/publish.ts";
import { sendBatch } from "../../src/bus/send.ts";
import { ackAllTx } from "../../src/bus/settle.ts";
import { subscribeTx } from "../../src/bus/subscribe.ts";
import { bytesOf } from "../../src/core/text.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { ack, draft, nack, put, rowsOf, take, takeOne } from "./verbs.ts";

const { handBus } = tempBuses({ forgets: true });

const day = 86_400_000;

/** A bus that keeps history for a day and dead letters for ten. */
const forgetful = (settings: Partial<BusSettings> = {}) =>
  handBus({ historyKeepMs: day, deadKeepMs: 10 * day, ...settings });

const prune = ({ store, settings }: HandBus) => store.write((tx) => pruneTx(tx, settings));

/** Prunes until a whole walk through the messages finds nothing. */
async function pruneAll(bus: HandBus): Promise<void> {
  for (let idle = 0; idle < 3;) idle = (await prune(bus)) === 0 ? idle + 1 : 0;
}

async function finish(bus: HandBus, inbox = "a1"): Promise<string> {
  const { receipt } = await takeOne(bus, inbox);
  await ack(bus, receipt);
  return receipt;
}

async function fill(bus: HandBus, count: number, inbox = "a1", body = "hello"): Promise<void> {
  const drafts = Array.from({ length: count }, () => draft(inbox, body));
  await sendBatch(bus, drafts, { from: null, onFull: "fail", timeoutMs: 0, atomic: false });
}

async function finishAll(bus: HandBus, inbox = "a1"): Promise<void> {
  const taken = await take(bus, inbox, { max: 10_000 });
  const receipts = taken.map(({ receipt }) => receipt);
  await bus.store.write((tx) => ackAllTx(tx, receipts));
}

const tables = ["messages", "deliveries", "history", "dead_letters", "attempts"];

/** How many rows each table has, by its name. */
async function rowsOfAll(bus: HandBus): Promise<Record<string, number>> {
  const rows: Record<string, number> = {};
  for (const table of tables) rows[table] = await rowsOf(bus, table);
  return rows;
}

const ledgerOf = ({ store }: HandBus) =>
  store.read((tx) =>
    tx.get<Record<string, number>>(
      "select sent, acked, dead, expired, purged from ledger where inbox = 'a1'",
    ),
  );

test("in a new home there is nothing to prune", async () => {
  const bus = await forgetful();
  assert.equal(await bus.store.read((tx) => isWindowDue(tx, bus.settings)), false);
  assert.equal(await prune(bus), 0);
});

test("what was acked is forgotten with its message and its attempts when its time is over, and not before", async () => {
  const bus = await forgetful();
  await put(bus, "a1", "first");
  await nack(bus, (await takeOne(bus, "a1")).receipt, { delayMs: 0 });
  await finish(bus);
  await put(bus, "a1", "newest");
  bus.clock.pass(day - 1);
  await pruneAll(bus);
  assert.partialDeepStrictEqual(await rowsOfAll(bus), { messages: 2, history: 1, attempts: 1 });
  bus.clock.pass(1);
  await pruneAll(bus);
  assert.partialDeepStrictEqual(await rowsOfAll(bus), {
    messages: 1,
    deliveries: 1,
    history: 0,
    attempts: 0,
  });
  assert.partialDeepStrictEqual(await ledgerOf(bus), { sent: 2, acked: 1 });
});

test("what counts is when it ended, not when it was sent", async () => {
  const bus = await forgetful();
  await put(bus, "a1");
  bus.clock.pass(5 * day);
  await finish(bus);
  await put(bus, "a1");
  bus.clock.pass(day - 1);
  await pruneAll(bus);
  assert.equal(await rowsOf(bus, "history"), 1);
});

test("what is not over stays however old it is, and though no history is to be kept at all", async () => {
  const bus = await forgetful({ historyRowsMax: 0, historyKeepMs: 0 });
  await put(bus, "a1", "parked");
  await bus.store.write((tx) => parkAll(tx, bus.settings, 1));
  await put(bus, "a1", "leased");
  await takeOne(bus, "a1");
  await put(bus, "a1", "delayed", { delayMs: 1_000 * day });
  await put(bus, "a1", "failed");
  await nack(bus, (await takeOne(bus, "a1")).receipt, { delayMs: 1_000 });
  await put(bus, "a1", "ready");
  await put(bus, "a2", "newest");
  await finish(bus, "a2");
  bus.clock.pass(400 * day);
  await pruneAll(bus);
  assert.partialDeepStrictEqual(await rowsOfAll(bus), {
    messages: 6,
    deliveries: 5,
    history: 0,
    attempts: 1,
  });
});

test("dead letters have a time of their own, and are counted as dead ever after", async () => {
  const bus = await forgetful({ maxAttempts: 1 });
  await put(bus, "a1");
  await nack(bus, (await takeOne(bus, "a1")).receipt);
  await put(bus, "a1");
  bus.clock.pass(10 * day - 1);
  await pruneAll(bus);
  assert.partialDeepStrictEqual(await rowsOfAll(bus), { dead_letters: 1, attempts: 1 });
  bus.clock.pass(1);
  await pruneAll(bus);
  assert.partialDeepStrictEqual(await rowsOfAll(bus), {
    messages: 1,
    dead_letters: 0,
    attempts: 0,
  });
  assert.partialDeepStrictEqual(await ledgerOf(bus), { sent: 2, dead: 1 });
});

test("dead letters may go before the history", async () => {
  const bus = await forgetful({ maxAttempts: 1, deadKeepMs: 1_000 });
  await put(bus, "a1");
  await nack(bus, (await takeOne(bus, "a1")).receipt);
  await put(bus, "a1");
  await finish(bus);
  bus.clock.pass(1_000);
  await pruneAll(bus);
  assert.partialDeepStrictEqual(await rowsOfAll(bus), { messages: 1, dead_letters: 0, history: 1 });
});

test("of more than so many deliveries the history is kept no longer, however young it is", async () => {
  const bus = await forgetful({ historyRowsMax: 100 });
  await fill(bus, 300);
  await finishAll(bus);
  await pruneAll(bus);
  assert.partialDeepStrictEqual(await rowsOfAll(bus), { messages: 100, history: 100 });
});

test("one turn takes five hundred of them away and no more", async () => {
  const bus = await forgetful({ inboxCap: 10_000 });
  await fill(bus, 1_200);
  await finishAll(bus);
  bus.clock.pass(day);
  const left = [];
  for (let turn = 0; turn < 3; turn++) {
    await prune(bus);
    left.push(await rowsOf(bus, "history"));
  }
  assert.deepEqual(left, [700, 200, 0]);
});

test("one turn takes no more than a few long bodies away", async () => {
  const bus = await forgetful({ bodyBytesMax: 3_000_000, inboxBytes: 100_000_000 });
  await fill(bus, 9, "a1", "x".repeat(3_000_000));
  await finishAll(bus);
  bus.clock.pass(day);
  const left = [];
  for (let turn = 0; turn < 4; turn++) {
    await prune(bus);
    left.push(await rowsOf(bus, "history"));
  }
  assert.deepEqual(left, [7, 5, 3, 1]);
});

test("what is old and stays is passed by, so that what is behind it can go", async () => {
  const bus = await forgetful({ inboxCap: 10_000 });
  await fill(bus, 1_100, "kept");
  await fill(bus, 900);
  await finishAll(bus);
  bus.clock.pass(day);
  await fill(bus, 900);
  await finishAll(bus);
  bus.clock.pass(day);
  // The walk begins anew, and finds what it passed by when it was still needed.
  await pruneAll(bus);
  assert.partialDeepStrictEqual(await rowsOfAll(bus), { deliveries: 1_100, history: 0 });
  await finishAll(bus, "kept");
  await pruneAll(bus);
  assert.equal(await rowsOf(bus, "history"), 1_100);
  bus.clock.pass(day);
  await pruneAll(bus);
  assert.partialDeepStrictEqual(await rowsOfAll(bus), { messages: 1, history: 0 });
});

test("a message goes with the last of its deliveries, and many of them take several turns", async () => {
  const bus = await forgetful();
  const inboxes = Array.from({ length: 700 }, (_, i) => `s${i}`);
  await bus.store.write(async (tx) => {
    for (const inbox of inboxes) await subscribeTx(tx, "news", inbox);
  });
  const news = { topic: "news", body: bytesOf("hear, hear") };
  const { id } = await publish(bus, news, { from: "ada", onFull: "fail", timeoutMs: 0 });
  await put(bus, "a1");
  for (const inbox of inboxes.slice(0, 699)) await finish(bus, inbox);
  bus.clock.pass(day);
  assert.deepEqual([await prune(bus), await prune(bus)], [500, 199]);
  await pruneAll(bus);
  assert.partialDeepStrictEqual(await rowsOfAll(bus), { messages: 2, history: 0, deliveries: 2 });
  assert.equal((await takeOne(bus, "s699")).id, id);
  await finishTaken(bus, "s699");
  bus.clock.pass(day);
  await pruneAll(bus);
  assert.partialDeepStrictEqual(await rowsOfAll(bus), { messages: 1, deliveries: 1 });
});

async function finishTaken(bus: HandBus, inbox: string): Promise<void> {
  bus.clock.pass(bus.settings.leaseMs);
  await finish(bus, inbox);
}

test("no id is used twice, so the newest message stays until there is a newer one", async () => {
  const bus = await forgetful();
  await put(bus, "a1");
  await finish(bus);
  bus.clock.pass(day);
  await pruneAll(bus);
  assert.partialDeepStrictEqual(await rowsOfAll(bus), { messages: 1, history: 0 });
  assert.equal((await put(bus, "a1")).id, 2);
  await pruneAll(bus);
  assert.equal(await rowsOf(bus, "messages"), 1);
});

test("a message that was sent while the clock was far ahead keeps nothing that is behind it", async () => {
  const bus = await forgetful();
  bus.clock.stepWall(1_000 * day);
  await put(bus, "a1", "from the future");
  await finish(bus);
  bus.clock.stepWall(-1_000 * day);
  await put(bus, "a1");
  await finish(bus);
  await put(bus, "a1");
  bus.clock.pass(day);
  await pruneAll(bus);
  assert.equal(await rowsOf(bus, "history"), 1);
});

test("a turn that fails half way has taken nothing away", async () => {
  const bus = await forgetful();
  await put(bus, "a1");
  await nack(bus, (await takeOne(bus, "a1")).receipt, { delayMs: 0 });
  await finish(bus);
  await put(bus, "a1");
  bus.clock.pass(day);
  const before = await rowsOfAll(bus);
  await bus.store.write((tx) =>
    tx.run(`create trigger no before delete on messages begin select raise(abort, 'no'); end`),
  );
  await assert.rejects(prune(bus));
  assert.deepEqual(await rowsOfAll(bus), before);
  await bus.store.write((tx) => tx.run("drop trigger no"));
  await pruneAll(bus);
  assert.equal(await rowsOf(bus, "messages"), 1);
});

test("keys go when their window is over, five hundred at a time", async () => {
  const bus = await handBus({ keyWindowMs: 1_000, inboxCap: 10_000 });
  for (let n = 0; n < 600; n++) await put(bus, "a1", "hello", { key: `k${n}` });
  bus.clock.pass(500);
  await put(bus, "a1", "hello", { key: "younger" });
  const turn = () => bus.store.write(pruneKeys);
  assert.equal(await bus.store.read(areKeysOver), false);
  assert.equal(await turn(), 0);
  bus.clock.pass(500);
  assert.equal(await bus.store.read(areKeysOver), true);
  assert.deepEqual([await turn(), await turn(), await turn()], [500, 100, 0]);
  assert.equal(await rowsOf(bus, "keys"), 1);
});
