import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import type { Publication } from "../../src/bus/fan-out.ts";
import { closeIntake } from "../../src/bus/intake.ts";
import { publish, publishTx } from "../../src/bus/publish.ts";
import { receive } from "../../src/bus/receive.ts";
import { send } from "../../src/bus/send.ts";
import { unsubscribeTx } from "../../src/bus/unsubscribe.ts";
import { onlyRings } from "../fixtures/bus/bus.ts";
import { type TempBus, tempBuses } from "../helpers/temp-bus.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { type Subscribed, publication, subscribeAll } from "./subscribers.ts";
import { ack, draft, ledgerOf, put, rowsOf, take, takeOne, texts } from "./verbs.ts";
import { livingProcesses, sleepy, untilWaiting, waitersOf } from "./waiting.ts";

const { handBus, liveBus, neighbour } = tempBuses();
const living = livingProcesses();

/** Publishes and does not wait for room. */
const say = (bus: Bus, topic: string, body?: string, more: Partial<Publication> = {}) =>
  publish(bus, publication(topic, body, more), { from: "ada", onFull: "fail", timeoutMs: 0 });

/** A bus with these subscriptions. */
const subscribed = async (...[subscriptions, settings = {}]: Subscribed) =>
  subscribeAll(await handBus(settings), subscriptions);

/** A bus where bob's and eve's inboxes get a.b, and bob's is full. */
async function withFullBob(settings: Partial<Bus["settings"]> = { inboxCap: 2 }) {
  const bus = await subscribed(
    [
      ["a.*", "bob"],
      ["a.b", "bob"],
      ["a.b", "eve"],
    ],
    settings,
  );
  await put(bus, "bob", "12345");
  await put(bus, "bob", "67890");
  return bus;
}

test("one full inbox refuses it for all: the error names it, nobody gets it, and nothing is stored", async () => {
  const bus = await withFullBob();
  await assert.rejects(say(bus, "a.b"), {
    code: "E_FULL",
    message: "inbox bob is full; nobody got what was published on a.b",
    hint: /--timeout/,
    retryAfterMs: 250,
  });
  assert.deepEqual(await take(bus, "eve"), []);
  assert.equal(await rowsOf(bus, "messages"), 2);
});

test("an inbox is full by bytes too, and takes the last that fit", async () => {
  const bus = await withFullBob({ inboxBytes: 13 });
  await assert.rejects(say(bus, "a.b", "1234"), { code: "E_FULL" });
  assert.equal((await say(bus, "a.b", "123")).deliveries, 2);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "bob"), { ready: 3, bytes: 13 });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "eve"), { ready: 1, bytes: 3 });
});

test("refused in somebody's transaction, it leaves nothing behind there", async () => {
  const bus = await withFullBob();
  await bus.store.write(async (tx) => {
    const trying = publishTx(tx, bus.settings, publication("a.b"), { from: null });
    await assert.rejects(trying, { code: "E_FULL" });
  });
  assert.equal(await rowsOf(bus, "deliveries"), 2);
});

test("a transaction that fails takes what was published in it back", async () => {
  const bus = await subscribed([["a", "bob"]]);
  const failing = bus.store.write(async (tx) => {
    await publishTx(tx, bus.settings, publication("a"), { from: null });
    throw new Error("undone");
  });
  await assert.rejects(failing, { message: "undone" });
  assert.equal(await rowsOf(bus, "messages"), 0);
});

test("while the bus drains nothing is published, whether anybody is subscribed or not", async () => {
  const bus = await subscribed([["a", "bob"]]);
  await bus.store.write((tx) => closeIntake(tx, tx.tick + 60_000));
  for (const topic of ["a", "b"]) await assert.rejects(say(bus, topic), { code: "E_DRAINING" });
});

const unfit: [string, string, Partial<Publication>, string][] = [
  ["a pattern for a topic", "a.*", {}, "E_NAME"],
  ["no topic", "", {}, "E_NAME"],
  ["a body that is too large", "a", { body: new Uint8Array(10_001) }, "E_BODY"],
  ["a priority that there is not", "a", { priority: 10 }, "E_USAGE"],
  ["an empty type", "a", { type: "" }, "E_USAGE"],
];
for (const [what, topic, more, code] of unfit)
  test(`${what} is refused, and nothing is stored`, async () => {
    const bus = await subscribed([[">", "bob"]]);
    await assert.rejects(say(bus, topic, "hello", more), { code });
    assert.equal(await rowsOf(bus, "messages"), 0);
  });

test("an inbox that publishes to itself whenever it hears something is filled, and then refused", async () => {
  const bus = await subscribed([["echo", "echo"]], { inboxCap: 10 });
  let published = 0;
  const loop = async () => {
    for (;;) {
      await say(bus, "echo");
      published++;
      const [heard] = await take(bus, "echo", { max: 1 });
      // Two for one, as a loop does that gets out of hand.
      await say(bus, "echo");
      published++;
      await ack(bus, heard!.receipt);
    }
  };
  await assert.rejects(loop(), { code: "E_FULL", message: /inbox echo is full/ });
  assert.ok(published < 25, String(published));
  assert.partialDeepStrictEqual(await ledgerOf(bus, "echo"), { ready: 9, leased: 1 });
});

const wait = (bus: Bus, topic: string, more: Partial<Parameters<typeof publish>[2]> = {}) =>
  publish(bus, publication(topic), { from: null, onFull: "wait", timeoutMs: 60_000, ...more });

/** A bus where the inboxes that get a.b hold one message each and have no room. */
async function fullBus(inboxes: string[]): Promise<TempBus> {
  const bus = await liveBus({ inboxCap: 1 });
  await subscribeAll(
    bus,
    inboxes.map((inbox) => ["a.b", inbox]),
  );
  for (const inbox of inboxes) await put(bus, inbox, "first");
  return bus;
}

/** Makes room for one message in `inbox`. */
const makeRoom = async (bus: Bus, inbox: string) => ack(bus, (await takeOne(bus, inbox)).receipt);

test("a publisher waits for room, and then everybody gets it", async () => {
  const bus = await fullBus(["bob", "eve"]);
  await makeRoom(bus, "eve");
  const publishing = wait(bus, "a.b");
  await untilWaiting(bus, "bob", "room");
  assert.partialDeepStrictEqual(await ledgerOf(bus, "eve"), { ready: 0 });
  await makeRoom(bus, "bob");
  assert.deepEqual(await publishing, { id: 3, topic: "a.b", deliveries: 2 });
  assert.deepEqual(await waitersOf(bus, "bob", "room"), []);
});

test("with several inboxes full it waits for one after the other, and for nobody in the end", async () => {
  const bus = await fullBus(["bob", "eve", "joe"]);
  const publishing = wait(bus, "a.b");
  for (const inbox of ["bob", "eve", "joe"]) {
    await untilWaiting(bus, inbox, "room");
    await makeRoom(bus, inbox);
  }
  assert.equal((await publishing).deliveries, 3);
  for (const inbox of ["bob", "eve", "joe"])
    assert.deepEqual(await waitersOf(bus, inbox, "room"), []);
});

test("room that a publisher cannot use yet goes to the next in line at once", async () => {
  const bus = await fullBus(["bob", "eve"]);
  const publishing = wait(bus, "a.b");
  await untilWaiting(bus, "bob", "room");
  const sender = onlyRings(neighbour(bus, living()));
  const patient = { from: null, onFull: "wait", timeoutMs: 60_000 } as const;
  const sending = send(sender, draft("bob", "sent"), patient);
  await untilWaiting(bus, "bob", "room", 2);
  await makeRoom(bus, "bob");
  assert.equal((await sending).id, 3);
  await untilWaiting(bus, "eve", "room");
  await makeRoom(bus, "eve");
  await untilWaiting(bus, "bob", "room");
  await makeRoom(bus, "bob");
  assert.equal((await publishing).deliveries, 2);
});

test("a publisher whose time is over is told which inbox is full, nothing was stored, and nobody waits", async () => {
  const bus = await fullBus(["bob", "eve"]);
  await makeRoom(bus, "bob");
  const begun = bus.clock.tick();
  await assert.rejects(wait(bus, "a.b", { timeoutMs: 120 }), {
    code: "E_FULL",
    message: /inbox eve is full/,
  });
  assert.ok(bus.clock.tick() - begun >= 115);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "bob"), { ready: 0 });
  assert.deepEqual(await waitersOf(bus, "eve", "room"), []);
});

test("a drain that begins while a publisher waits ends the wait at once", async () => {
  const bus = await fullBus(["bob"]);
  const refused = assert.rejects(wait(bus, "a.b"), { code: "E_DRAINING" });
  await untilWaiting(bus, "bob", "room");
  await bus.store.write((tx) => closeIntake(tx, bus.clock.tick() + 60_000));
  await refused;
});

test("a publisher need not wait for an inbox that is no longer subscribed", async () => {
  const bus = await fullBus(["bob"]);
  const publishing = wait(bus, "a.b");
  await untilWaiting(bus, "bob", "room");
  await bus.store.write((tx) => unsubscribeTx(tx, "a.b", "bob"));
  await makeRoom(bus, "bob");
  assert.deepEqual(await publishing, { id: null, topic: "a.b", deliveries: 0 });
});

test("everybody who waits for mail is rung, and is there at once", async () => {
  const bus = onlyRings(await liveBus());
  await subscribeAll(bus, [
    ["a", "bob"],
    ["a", "eve"],
  ]);
  const waiting = ["bob", "eve"].map((inbox) => {
    const claim = { inbox, holder: inbox, max: 1, leaseMs: 60_000, waitMs: 60_000 };
    return receive(onlyRings(neighbour(bus, living())), claim);
  });
  for (const inbox of ["bob", "eve"]) await untilWaiting(bus, inbox, "mail");
  await say(bus, "a");
  assert.deepEqual(texts((await Promise.all(waiting)).flat()), ["hello", "hello"]);
});

test("however many get it, it counts once by the rate of its sender", async () => {
  const bus = await subscribed([
    ["a", "bob"],
    ["a", "eve"],
  ]);
  await bus.store.write((tx) =>
    tx.run("insert into senders (name, rate_per_s, burst) values ('ada', 1, 2)"),
  );
  await say(bus, "a");
  await say(bus, "a");
  await assert.rejects(say(bus, "a"), {
    code: "E_RATE",
    message: /ada may send 1\/s; nobody got what was published on a$/,
    retryAfterMs: 1_000,
  });
  bus.clock.pass(1_000);
  assert.equal((await say(bus, "a")).deliveries, 2);
  // Nobody gets it, so it is no message.
  assert.equal((await say(bus, "nobody.there")).deliveries, 0);
});

test("an inbox with a rate of its own refuses for all, and that is counted where it was refused", async () => {
  const bus = await subscribed([
    ["a", "bob"],
    ["a", "eve"],
  ]);
  await bus.store.write((tx) =>
    tx.run("update ledger set rate_per_s = 2, burst = 1 where inbox = 'eve'"),
  );
  await say(bus, "a");
  await assert.rejects(say(bus, "a"), { code: "E_RATE", retryAfterMs: 500 });
  const refused = await bus.store.read((tx) =>
    tx.all("select inbox, ready, refused from ledger order by inbox"),
  );
  assert.deepEqual(refused, [
    { inbox: "bob", ready: 1, refused: 0 },
    { inbox: "eve", ready: 1, refused: 1 },
  ]);
  bus.clock.pass(500);
  assert.equal((await say(bus, "a")).deliveries, 2);
});

/** A bus where ada may publish so often in a second, and what she publishes on a goes to bob and eve. */
async function ratedBus<B extends Bus>(fresh: B, perS: number): Promise<B> {
  const bus = await subscribeAll(fresh, [
    ["a", "bob"],
    ["a", "eve"],
  ]);
  await bus.store.write((tx) =>
    tx.run("insert into senders (name, rate_per_s, burst) values ('ada', $perS, 1)", { perS }),
  );
  return bus;
}

test("a publisher waits for its turn by a rate, and then everybody gets it", async () => {
  const bus = await ratedBus(await liveBus(), 10);
  const begun = bus.clock.tick();
  for (let n = 0; n < 3; n++) assert.equal((await wait(bus, "a", { from: "ada" })).deliveries, 2);
  assert.ok(bus.clock.tick() - begun >= 195);
});

test("the turn that a publisher waits for is its own: whoever comes later has the one after it", async () => {
  const { bus, naps, wake } = sleepy(await ratedBus(await handBus(), 1));
  await say(bus, "a");
  const publishing = wait(bus, "a", { from: "ada" });
  await waitUntil("it sleeps", () => naps.length > 0);
  await assert.rejects(say(bus, "a"), { code: "E_RATE", retryAfterMs: 2_000 });
  bus.clock.pass(1_000);
  wake();
  assert.equal((await publishing).deliveries, 2);
});
