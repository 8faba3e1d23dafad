import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { type Publication, type Published, type Publisher, fanOut } from "../../src/bus/fan-out.ts";
import { listTopics } from "../../src/bus/topics.ts";
import { trace } from "../../src/bus/trace.ts";
import { startWaiting } from "../../src/bus/waiters.ts";
import { bytesOf } from "../../src/core/text.ts";
import type { WriteTx } from "../../src/store/store.ts";
import { type TempBus, tempBuses } from "../helpers/temp-bus.ts";
import { type Subscribed, publication, subscribeAll } from "./subscribers.ts";
import { ack, ledgerOf, nack, put, rowsOf, take, takeOne, texts } from "./verbs.ts";
import { livingProcesses } from "./waiting.ts";

const { handBus } = tempBuses();
const living = livingProcesses();

/** A bus with these subscriptions. */
const subscribed = async (...[subscriptions, settings = {}]: Subscribed) =>
  subscribeAll(await handBus(settings), subscriptions);

/** Publishes as ada, with room for it everywhere. */
async function spread(
  { store, settings }: Bus,
  topic: string,
  { skipFull, ...more }: Partial<Publication & Publisher> = {},
): Promise<Published> {
  const publication = { topic, body: bytesOf("hello"), ...more };
  const publisher = { from: "ada", ...(skipFull !== undefined && { skipFull }) };
  return (await store.write((tx) => fanOut(tx, settings, publication, publisher))) as Published;
}

test("everybody who is subscribed gets it, and it is stored once", async () => {
  const bus = await subscribed([
    ["a.b", "bob"],
    ["a.b", "eve"],
    ["a.c", "joe"],
  ]);
  assert.deepEqual(await spread(bus, "a.b"), { id: 1, topic: "a.b", deliveries: 2 });
  const [bobs, eves] = [await takeOne(bus, "bob"), await takeOne(bus, "eve")];
  assert.deepEqual([bobs.id, eves.id], [1, 1]);
  assert.notEqual(bobs.receipt, eves.receipt);
  assert.deepEqual(texts([bobs, eves]), ["hello", "hello"]);
  assert.deepEqual(await take(bus, "joe"), []);
  assert.equal(await rowsOf(bus, "messages"), 1);
});

const audiences: [topic: string, inboxes: string[]][] = [
  ["a", ["all", "one"]],
  ["b", ["all", "one"]],
  ["a.b", ["all", "exact", "star", "tail"]],
  ["a.c", ["all", "star", "tail"]],
  ["a.b.c", ["all", "tail", "two"]],
  ["b.c", ["all"]],
  ["A.b", ["all"]],
];
for (const [topic, inboxes] of audiences)
  test(`${topic} goes to ${inboxes.join(", ")}`, async () => {
    const bus = await subscribed([
      [">", "all"],
      ["*", "one"],
      ["a.b", "exact"],
      ["a.*", "star"],
      ["a.>", "tail"],
      ["*.*.c", "two"],
    ]);
    const { deliveries } = await spread(bus, topic);
    const rows = await bus.store.read((tx) =>
      tx.all<{ inbox: string }>("select inbox from deliveries order by id"),
    );
    assert.deepEqual(
      rows.map(({ inbox }) => inbox),
      inboxes,
    );
    assert.equal(deliveries, inboxes.length);
  });

test("an inbox that several of its subscriptions match gets it once", async () => {
  const bus = await subscribed(["a.b", "a.*", "a.>", ">", "*.b"].map((one) => [one, "bob"]));
  assert.equal((await spread(bus, "a.b")).deliveries, 1);
  assert.equal((await take(bus, "bob")).length, 1);
});

test("receivers see who published, and the topic as its type when it has no other", async () => {
  const bus = await subscribed([["a.b", "bob"]]);
  await spread(bus, "a.b");
  await spread(bus, "a.b", { body: bytesOf("do"), type: "task", thread: "t7", priority: 9 });
  const [urgent, plain] = await take(bus, "bob");
  assert.partialDeepStrictEqual(plain, { from: "ada", type: "a.b", thread: null, priority: 4 });
  assert.partialDeepStrictEqual(urgent, { from: "ada", type: "task", thread: "t7", priority: 9 });
  const topics = await bus.store.read((tx) => tx.all("select topic from messages"));
  assert.deepEqual(topics, [{ topic: "a.b" }, { topic: "a.b" }]);
});

test("with nobody subscribed it succeeds, and nothing is stored", async () => {
  const bus = await subscribed([["a.*", "bob"]]);
  assert.deepEqual(await spread(bus, "b.a"), { id: null, topic: "b.a", deliveries: 0 });
  assert.equal(await rowsOf(bus, "messages"), 0);
});

test("a message takes as many ids as it has deliveries, and the next one comes after them", async () => {
  const bus = await subscribed([
    ["a", "bob"],
    ["a", "eve"],
    ["a", "joe"],
  ]);
  assert.equal((await spread(bus, "a")).id, 1);
  assert.equal((await put(bus, "bob", "sent")).id, 4);
  assert.equal((await spread(bus, "a", { body: bytesOf("again") })).id, 5);
  assert.equal((await put(bus, "joe", "last")).id, 8);
  assert.deepEqual(texts(await take(bus, "bob")), ["hello", "sent", "again"]);
});

/** A bus where bob's and eve's inboxes get a.b, and bob's is full. */
async function withFullBob(): Promise<TempBus> {
  const bus = await subscribed(
    [
      ["a.*", "bob"],
      ["a.b", "bob"],
      ["a.b", "eve"],
    ],
    { inboxCap: 2 },
  );
  for (const body of ["1", "2"]) await put(bus, "bob", body);
  return bus;
}

test("with one of them full nobody gets it, and that one is named", async () => {
  const bus = await withFullBob();
  assert.partialDeepStrictEqual(await spread(bus, "a.b"), { inbox: "bob", why: "full" });
  assert.equal(await rowsOf(bus, "deliveries"), 2);
});

test("told to skip them, it leaves full inboxes out and counts that in each of their subscriptions that matched", async () => {
  const bus = await withFullBob();
  await subscribeAll(bus, [["b", "bob"]]);
  const go = () => spread(bus, "a.b", { skipFull: true });
  assert.deepEqual(await go(), { id: 3, topic: "a.b", deliveries: 1 });
  await go();
  // Now eve's inbox is full as well.
  assert.deepEqual(await go(), { id: null, topic: "a.b", deliveries: 0 });
  const skipped = (await bus.store.read(listTopics)).map((one) => [
    one.topic,
    one.inbox,
    one.skipped,
  ]);
  assert.deepEqual(skipped, [
    ["a.*", "bob", 3],
    ["a.b", "bob", 3],
    ["a.b", "eve", 1],
    ["b", "bob", 0],
  ]);
  assert.equal((await take(bus, "eve")).length, 2);
});

test("each of its deliveries lives on its own, and a trace shows all of them", async () => {
  const bus = await subscribed(
    [
      ["a", "bob"],
      ["a", "eve"],
      ["a", "joe"],
    ],
    { maxAttempts: 1 },
  );
  await put(bus, "bob", "before");
  const { id } = await spread(bus, "a");
  await put(bus, "joe", "after");
  await ack(bus, (await take(bus, "bob"))[1]!.receipt);
  await nack(bus, (await takeOne(bus, "eve", { holder: "w1" })).receipt, { reason: "no" });
  const { message, deliveries } = await bus.store.read((tx) => trace(tx, id!));
  assert.equal(message.type, "a");
  assert.deepEqual(
    deliveries.map(({ inbox, state }) => [inbox, state]),
    [
      ["bob", "acked"],
      ["eve", "dead"],
      ["joe", "ready"],
    ],
  );
});

test("an ack may be repeated with the receipt of its own delivery, and settles no other one", async () => {
  const bus = await subscribed([
    ["a", "bob"],
    ["a", "eve"],
  ]);
  await spread(bus, "a");
  const [bobs, eves] = [await takeOne(bus, "bob"), await takeOne(bus, "eve")];
  assert.equal((await ack(bus, eves.receipt)).id, 1);
  assert.partialDeepStrictEqual(await ack(bus, eves.receipt), { id: 1, already: true });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "bob"), { leased: 1 });
  await ack(bus, bobs.receipt);
  assert.equal(await rowsOf(bus, "history"), 2);
});

test("what somebody sends and publishes arrives in that order", async () => {
  const bus = await subscribed([["a", "bob"]]);
  for (const body of ["1", "3"]) {
    await put(bus, "bob", body);
    await spread(bus, "a", { body: bytesOf(String(Number(body) + 1)) });
  }
  assert.deepEqual(texts(await take(bus, "bob")), ["1", "2", "3", "4"]);
});

test("room that others wait for is kept for them, from publishers too", async () => {
  const bus = await handBus({ inboxCap: 1 });
  await subscribeAll(bus, [["a.b", "bob"]]);
  await bus.store.write(async (tx) => {
    const other = { pid: living(), startTime: 0, port: 1, nonce: 1, places: 1, bytes: 0 };
    await startWaiting(tx, "bob", "room", other);
    const pass = { who: { pid: living() }, places: new Map(), turns: new Map() };
    const trying = fanOut(tx, bus.settings, publication("a.b"), { from: null, pass });
    assert.partialDeepStrictEqual(await trying, { inbox: "bob", why: "line" });
  });
});

/** What a fan-out on `topic` runs: its statements. */
async function statementsOf({ store, settings }: Bus, topic: string): Promise<string[]> {
  const ran: string[] = [];
  await store.write(async (tx) => {
    const noting = new Proxy(tx, {
      get(target, name: keyof WriteTx) {
        const value = target[name];
        if (name !== "get" && name !== "all" && name !== "run") return value;
        return (sql: string, params: never) => {
          ran.push(sql);
          return target[name](sql, params);
        };
      },
    });
    await fanOut(noting, settings, { topic, body: bytesOf("hello") }, { from: null });
  });
  return ran;
}

test("five hundred subscribers take no more statements than two do", async () => {
  const bus = await handBus();
  const inboxes = Array.from({ length: 500 }, (_, n) => `a${n}`);
  await subscribeAll(
    bus,
    inboxes.map((inbox) => ["many", inbox]),
  );
  await subscribeAll(bus, [
    ["few", "a1"],
    ["few", "a2"],
  ]);
  assert.deepEqual(await statementsOf(bus, "many"), await statementsOf(bus, "few"));
  assert.equal(await rowsOf(bus, "deliveries"), 502);
  assert.equal(await rowsOf(bus, "messages"), 2);
});

test("among a hundred thousand subscriptions those that match are looked up, and no table is gone through", async () => {
  const bus = await handBus();
  await subscribeAll(bus, [
    ["a.b", "bob"],
    [">", "eve"],
  ]);
  await bus.store.write((tx) =>
    tx.run(
      `with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 100000)
       insert into subscriptions (pattern, inbox, created_at) select 'topic.' || n || '.>', 'bob', 0 from numbers`,
    ),
  );
  const statements = await statementsOf(bus, "a.b");
  assert.equal(await rowsOf(bus, "deliveries"), 2);
  for (const sql of statements) {
    const { rows } = await bus.store.query(`explain query plan ${withoutParameters(sql)}`);
    for (const row of rows)
      assert.doesNotMatch(
        String(row.at(-1)),
        /^SCAN (ledger|subscriptions|deliveries|waiters)/,
        sql,
      );
  }
});

/** A statement that is only to be explained, with a text in place of each parameter. */
function withoutParameters(sql: string): string {
  return sql.replaceAll(/\$(\w+)/g, "'$1'");
}
