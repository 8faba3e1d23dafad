import assert from "node:assert/strict";
import { test } from "node:test";
import { handBack } from "../../src/bus/hand-back.ts";
import { peek } from "../../src/bus/inboxes.ts";
import { parkAll, unparkAll } from "../../src/bus/park.ts";
import { request } from "../../src/bus/request.ts";
import { send, sendBatch } from "../../src/bus/send.ts";
import { onlyRings } from "../fixtures/bus/bus.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { ack, draft, ledgerOf, nack, put, rowsOf, take, takeOne, texts } from "./verbs.ts";
import { untilWaiting } from "./waiting.ts";

const { handBus, liveBus } = tempBuses();

const expiredIn = async ({ store }: HandBus, inbox: string) =>
  (await store.read((tx) =>
    tx.get<{ expired: number }>("select expired from ledger where inbox = $inbox", { inbox }),
  ))!.expired;

const outcomes = ({ store }: HandBus) =>
  store.read((tx) =>
    tx.all("select delivery_id as id, outcome, holder from history order by delivery_id"),
  );

async function fill(bus: HandBus, inbox: string, count: number, ttlMs: number): Promise<void> {
  const drafts = Array.from({ length: count }, () => draft(inbox, "x", { ttlMs }));
  await sendBatch(bus, drafts, { from: null, onFull: "fail", timeoutMs: 0, atomic: true });
}

test("a message is handed out up to the last millisecond of its time, and never after it", async () => {
  for (const [passed, got] of [
    [999, 1],
    [1_000, 0],
  ] as const) {
    const bus = await handBus();
    await put(bus, "a1", "x", { ttlMs: 1_000 });
    bus.clock.pass(passed);
    assert.equal((await take(bus, "a1")).length, got);
  }
});

test("what expired is in the history, its bytes are free, and the ledger says how it ended", async () => {
  const bus = await handBus();
  await put(bus, "a1", "12345", { ttlMs: 10 });
  await put(bus, "a1", "123");
  bus.clock.pass(10);
  assert.deepEqual(texts(await take(bus, "a1")), ["123"]);
  assert.deepEqual(await outcomes(bus), [{ id: 1, outcome: "expired", holder: null }]);
  assert.equal(await expiredIn(bus, "a1"), 1);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 0, leased: 1, bytes: 3 });
});

test("it is the wall clock that counts, and not how long the machine has been up", async () => {
  const bus = await handBus();
  await put(bus, "a1", "x", { ttlMs: 1_000 });
  await put(bus, "a2", "x", { ttlMs: 1_000 });
  bus.clock.stepWall(1_000);
  assert.deepEqual(await take(bus, "a1"), []);
  bus.clock.stepWall(-2_000);
  bus.clock.pass(1_500);
  assert.equal((await take(bus, "a2")).length, 1);
});

test("however many have expired, a claim gets what is still wanted, and takes at most a hundred away", async () => {
  const bus = await handBus();
  await fill(bus, "a1", 250, 10);
  await put(bus, "a1", "last");
  bus.clock.pass(10);
  assert.deepEqual(texts(await take(bus, "a1", { max: 1 })), ["last"]);
  const left = [];
  for (let n = 0; n < 3; n++) {
    left.push((await ledgerOf(bus, "a1"))?.ready);
    assert.deepEqual(await take(bus, "a1"), []);
  }
  assert.deepEqual(left, [150, 50, 0]);
});

test("a peek does not show what nobody is handed any more", async () => {
  const bus = await handBus();
  await put(bus, "a1", "old", { ttlMs: 10 });
  await put(bus, "a1", "new", { ttlMs: 11 });
  bus.clock.pass(10);
  assert.deepEqual(texts(await bus.store.read((tx) => peek(tx, "a1", 10))), ["new"]);
});

test("what was claimed in time may be acked after it", async () => {
  const bus = await handBus();
  await put(bus, "a1", "x", { ttlMs: 10 });
  const { receipt } = await takeOne(bus, "a1");
  bus.clock.pass(1_000);
  assert.deepEqual(await ack(bus, receipt), { receipt, id: 1 });
  assert.equal(await expiredIn(bus, "a1"), 0);
});

const givenBack: [string, (bus: HandBus, receipt: string) => Promise<unknown>][] = [
  ["nacked", (bus, receipt) => nack(bus, receipt, { delayMs: 0 })],
  ["nacked with a rest", (bus, receipt) => nack(bus, receipt, { delayMs: 50 })],
  [
    "left by a holder that died",
    ({ store, settings }) =>
      store.write((tx) => handBack(tx, settings, "somebody", "died", "killed")),
  ],
  ["parked", ({ store, settings }) => store.write((tx) => parkAll(tx, settings, 1))],
  ["out of its lease", (bus) => (bus.clock.pass(100_000), take(bus, "a1"))],
];
for (const [how, giveBack] of givenBack)
  test(`what is ${how} after its time expires`, async () => {
    const bus = await handBus();
    await put(bus, "a1", "x", { ttlMs: 10 });
    const { receipt } = await takeOne(bus, "a1");
    bus.clock.pass(10);
    await giveBack(bus, receipt);
    assert.deepEqual(await outcomes(bus), [{ id: 1, outcome: "expired", holder: "somebody" }]);
    assert.equal(await rowsOf(bus, "attempts"), 1);
    await assert.rejects(ack(bus, receipt), { code: "E_STALE", message: /expired now$/ });
  });

test("a nack says that it expired, and what has used up its attempts is dead all the same", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  for (const [maxAttempts, state] of [
    [2, "expired"],
    [1, "dead"],
  ] as const) {
    await put(bus, "a1", "x", { ttlMs: 10 });
    const { receipt } = await takeOne(bus, "a1");
    bus.clock.pass(10);
    const settings = { ...bus.settings, maxAttempts };
    assert.equal((await nack({ ...bus, settings }, receipt)).state, state);
  }
});

test("what rests after a failure expires when its rest is over", async () => {
  const bus = await handBus();
  await put(bus, "a1", "x", { ttlMs: 20 });
  await nack(bus, (await takeOne(bus, "a1")).receipt, { delayMs: 15 });
  bus.clock.pass(20);
  assert.deepEqual(await take(bus, "a1"), []);
  assert.equal(await expiredIn(bus, "a1"), 1);
});

test("what expires while it is parked is not handed out when it comes back", async () => {
  const bus = await handBus();
  await put(bus, "a1", "x", { ttlMs: 10 });
  await bus.store.write((tx) => parkAll(tx, bus.settings, 1));
  bus.clock.pass(10);
  await bus.store.write((tx) => unparkAll(tx, "run"));
  assert.deepEqual(await take(bus, "a1"), []);
  assert.equal(await expiredIn(bus, "a1"), 1);
});

test("a request that expires gives up the slot of its answer", async () => {
  const bus = await handBus();
  await put(bus, "a1", "?", { ttlMs: 10, replyTo: "a2" });
  assert.equal((await ledgerOf(bus, "a2"))?.reserved, 1);
  bus.clock.pass(10);
  assert.deepEqual(await take(bus, "a1"), []);
  assert.equal((await ledgerOf(bus, "a2"))?.reserved, 0);
});

test("a sender that finds an inbox full of what nobody wants gets in", async () => {
  const bus = await handBus({ inboxCap: 2 });
  for (let n = 0; n < 2; n++) await put(bus, "a1", "x", { ttlMs: 10 });
  await assert.rejects(put(bus, "a1"), { code: "E_FULL" });
  bus.clock.pass(10);
  await put(bus, "a1", "fresh");
  assert.deepEqual(texts(await take(bus, "a1")), ["fresh"]);
});

test("a sender gets in though it takes many that expired to make room for its body", async () => {
  const bus = await handBus({ inboxBytes: 250 });
  await fill(bus, "a1", 250, 10);
  bus.clock.pass(10);
  await put(bus, "a1", "y".repeat(240));
  assert.equal(await expiredIn(bus, "a1"), 250);
});

test("a sender that finds no slot for its answer gets one from what expired there", async () => {
  const bus = await handBus({ inboxCap: 1 });
  await put(bus, "a2", "x", { ttlMs: 10 });
  bus.clock.pass(10);
  await put(bus, "a1", "?", { replyTo: "a2" });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a2"), { ready: 0, reserved: 1 });
});

test("a sender gets in when leases ran out on what nobody wants any more", async () => {
  const bus = await handBus({ inboxCap: 1 });
  await put(bus, "a1", "x", { ttlMs: 10 });
  await takeOne(bus, "a1", { leaseMs: 20 });
  bus.clock.pass(19);
  await assert.rejects(put(bus, "a1"), { code: "E_FULL" });
  bus.clock.pass(1);
  await put(bus, "a1");
});

test("whoever waits for room is rung when something expires", async () => {
  const bus = onlyRings(await handBus({ inboxCap: 1 }));
  await put(bus, "a1", "x", { ttlMs: 50 });
  const options = { from: null, onFull: "wait", timeoutMs: 20_000 } as const;
  const waiting = send(bus, draft("a1", "fresh"), options);
  await untilWaiting(bus, "a1", "room");
  bus.clock.pass(50);
  assert.deepEqual(await take(bus, "a1"), []);
  assert.equal((await waiting).id, 2);
});

const unfit: [string, { ttlMs?: number; delayMs?: number }, RegExp][] = [
  ["no time at all", { ttlMs: 0 }, /time to live of 0 ms/],
  ["a time before now", { ttlMs: -1 }, /time to live of -1 ms/],
  ["a part of a millisecond", { ttlMs: 1.5 }, /time to live of 1.5 ms/],
  ["more than 100 years", { ttlMs: 4e12 }, /time to live of 4000000000000 ms/],
  ["a delay before now", { delayMs: -1 }, /delay of -1 ms/],
  ["a delay of more than 100 years", { delayMs: 4e12 }, /delay of 4000000000000 ms/],
  ["a delay that is no number", { delayMs: Number.NaN }, /delay of NaN ms/],
  ["a delay that outlasts it", { ttlMs: 10, delayMs: 10 }, /expire \(10 ms\) before its delay/],
];
for (const [what, more, message] of unfit)
  test(`a message with ${what} is refused`, async () => {
    const bus = await handBus();
    await assert.rejects(put(bus, "a1", "x", more), { code: "E_USAGE", message });
    assert.equal(await rowsOf(bus, "messages"), 0);
  });

test("an answer can have its time too", async () => {
  const bus = await handBus();
  await put(bus, "a1", "?", { from: "a2" });
  const { receipt } = await takeOne(bus, "a1");
  await ack(bus, receipt, { send: [draft("a3", "x", { ttlMs: 10 })] });
  bus.clock.pass(10);
  assert.deepEqual(await take(bus, "a3"), []);
});

test("nobody is handed a request that nobody waits for any more, unless it says that it is wanted for longer", async () => {
  const bus = await liveBus();
  const options = { from: null, onFull: "fail", timeoutMs: 50 } as const;
  for (const [ttlMs, got] of [
    [undefined, 0],
    [60_000, 1],
  ] as const) {
    const asked = request(bus, draft("a1", "?", { ttlMs }), options);
    await assert.rejects(asked, { code: "E_EMPTY" });
    assert.equal((await take(bus, "a1")).length, got);
  }
});

test("the inbox of a request says until when it is needed", async () => {
  const bus = await liveBus();
  const before = bus.clock.now();
  const stop = new AbortController();
  const patience = { from: null, onFull: "fail", timeoutMs: 60_000, signal: stop.signal } as const;
  const asking = request(bus, draft("a1"), patience);
  const until = await waitUntil("its inbox is there", () =>
    bus.store.read(async (tx) => {
      const sql = "select expires_at as until from ledger where temporary = 1";
      return (await tx.get<{ until: number }>(sql))?.until;
    }),
  );
  assert.ok(until >= before + 60_000 && until <= bus.clock.now() + 61_000, String(until));
  stop.abort();
  await assert.rejects(asking, { code: "E_EMPTY" });
});
