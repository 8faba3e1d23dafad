import assert from "node:assert/strict";
import { test } from "node:test";
import { conservation, listInboxes, peek } from "../../src/bus/inboxes.ts";
import { createTemporaryInbox } from "../../src/bus/ledger.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { ack, nack, put, take, takeOne, texts } from "./verbs.ts";

const { handBus } = tempBuses();

test("a new home has no inboxes, and its sums hold", async () => {
  const bus = await handBus();
  assert.deepEqual(await bus.store.read(listInboxes), []);
  assert.deepEqual(await bus.store.read(conservation), { in: 0, live: 0, ended: 0, holds: true });
});

test("inboxes are listed by name, each with all that lies in it and all that ended there", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  await bus.store.write((tx) => createTemporaryInbox(tx, "request-1", 9e15));
  for (let n = 0; n < 5; n++) await put(bus, "a1", "12345", { replyTo: "a0" });
  const held = await take(bus, "a1", { max: 3 });
  await ack(bus, held[0]!.receipt, { reply: "!" });
  await nack(bus, held[1]!.receipt);
  bus.clock.pass(40);
  const createdAt = bus.clock.now() - 40;
  const none = { ready: 0, delayed: 0, leased: 0, parked: 0, acked: 0, dead: 0, bytes: 0, sent: 0 };
  const moved = { expired: 0, purged: 0, movedIn: 0, movedOut: 0, refused: 0 };
  const waiting = { waitingSenders: 0, waitingReceivers: 0 };
  const rest = {
    temporary: false,
    createdAt,
    reserved: 0,
    ...none,
    ...moved,
    ...waiting,
    oldestReadyMs: null,
  };
  assert.deepEqual(await bus.store.read(listInboxes), [
    { ...rest, inbox: "a0", ready: 1, reserved: 3, sent: 1, bytes: 1, oldestReadyMs: 40 },
    {
      ...rest,
      inbox: "a1",
      ready: 2,
      leased: 1,
      sent: 5,
      acked: 1,
      dead: 1,
      bytes: 15,
      oldestReadyMs: 40,
    },
    { ...rest, inbox: "request-1", temporary: true },
  ]);
});

test("the oldest of an inbox is the oldest, however urgent what came after it", async () => {
  const bus = await handBus();
  await put(bus, "a1", "old", { priority: 0 });
  bus.clock.pass(1_000);
  await put(bus, "a1", "urgent", { priority: 9 });
  assert.equal((await bus.store.read(listInboxes))[0]?.oldestReadyMs, 1_000);
});

test("a wall clock that was set back makes nothing younger than new", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  bus.clock.stepWall(-5_000);
  assert.equal((await bus.store.read(listInboxes))[0]?.oldestReadyMs, 0);
});

test("peeking shows what would be claimed next, and claims nothing", async () => {
  const bus = await handBus();
  for (const [body, priority] of [
    ["slow", 1],
    ["first", 4],
    ["urgent", 9],
  ] as const)
    await put(bus, "a1", body, { priority });
  const seen = await bus.store.read((tx) => peek(tx, "a1", 2));
  assert.deepEqual(texts(seen), ["urgent", "first"]);
  assert.partialDeepStrictEqual(seen[0], { receipt: null, leaseUntil: null, attempt: 1, to: "a1" });
  assert.deepEqual(texts(await take(bus, "a1")), ["urgent", "first", "slow"]);
  assert.deepEqual(await bus.store.read((tx) => peek(tx, "a1", 2)), []);
});

test("peeking tells which attempt the next claim would be", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  await nack(bus, (await takeOne(bus, "a1")).receipt, { delayMs: 0 });
  const [seen] = await bus.store.read((tx) => peek(tx, "a1", 1));
  assert.equal(seen?.attempt, 2);
});

test("peeking into an inbox that is not there names the one that was meant", async () => {
  const bus = await handBus();
  await put(bus, "planner");
  await assert.rejects(
    bus.store.read((tx) => peek(tx, "planer", 1)),
    { code: "E_NOT_FOUND", message: "there is no inbox planer", hint: "Did you mean planner?" },
  );
});

test("the sums count what came in, what lies there and what ended", async () => {
  const bus = await handBus();
  for (let n = 0; n < 4; n++) await put(bus, "a1");
  await ack(bus, (await takeOne(bus, "a1")).receipt);
  await takeOne(bus, "a1");
  assert.deepEqual(await bus.store.read(conservation), { in: 4, live: 3, ended: 1, holds: true });
});

test("the sums do not hold when a delivery is gone that nobody accounted for", async () => {
  const bus = await handBus();
  for (let n = 0; n < 2; n++) await put(bus, "a1");
  await bus.store.write((tx) => tx.run("delete from deliveries where id = 1"));
  assert.deepEqual(await bus.store.read(conservation), { in: 2, live: 2, ended: 0, holds: false });
  await bus.store.write((tx) => tx.run("update ledger set ready = 1, sent = 1, bytes = 5"));
});

test("the view of the inboxes says the same, in words for people", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  assert.deepEqual(await bus.store.read((tx) => tx.all("select * from inboxes")), [
    {
      inbox: "a1",
      ready: 1,
      delayed: 0,
      leased: 0,
      parked: 0,
      reserved: 0,
      sent: 1,
      acked: 0,
      dead: 0,
      expired: 0,
      purged: 0,
      refused: 0,
      oldest_ready_utc: "2023-11-14 22:13:20",
      waiting_receivers: 0,
      waiting_senders: 0,
    },
  ]);
});
