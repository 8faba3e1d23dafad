import assert from "node:assert/strict";
import { test } from "node:test";
import { isAnyTemporaryOver, pruneTemporary } from "../../src/bus/temporary.ts";
import { trace } from "../../src/bus/trace.ts";
import { startWaiting, stopWaiting } from "../../src/bus/waiters.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { ack, ask, ledgerOf, put, rowsOf, take, takeOne } from "./verbs.ts";

const { handBus } = tempBuses();

const lifeMs = 10_000;

const prune = ({ store, settings }: HandBus) => store.write((tx) => pruneTemporary(tx, settings));

/** Has somebody ask a1 from the temporary inbox `inbox`, as a request does it: the message's id. */
async function askFrom(bus: HandBus, inbox = "request-1"): Promise<number> {
  return (await ask(bus, "a1", inbox, bus.clock.now() + lifeMs)).id;
}

test("a temporary inbox goes when its time is over, and not before", async () => {
  const bus = await handBus();
  await askFrom(bus);
  bus.clock.pass(lifeMs - 1);
  assert.equal(await bus.store.read(isAnyTemporaryOver), false);
  assert.equal(await prune(bus), 0);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "request-1"), { reserved: 1 });
  bus.clock.pass(1);
  assert.equal(await bus.store.read(isAnyTemporaryOver), true);
  assert.equal(await prune(bus), 1);
  assert.equal(await ledgerOf(bus, "request-1"), undefined);
});

test("an inbox that is not temporary stays for ever", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  bus.clock.pass(1_000 * 86_400_000);
  assert.equal(await prune(bus), 0);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 1 });
});

test("whoever claims the question afterwards is told that nobody waits for an answer, and can ack", async () => {
  const bus = await handBus();
  await askFrom(bus);
  bus.clock.pass(lifeMs);
  await prune(bus);
  const { receipt } = await takeOne(bus, "a1");
  await assert.rejects(ack(bus, receipt, { reply: "42" }), { code: "E_NOT_FOUND" });
  await ack(bus, receipt);
});

test("whoever has claimed the question in time can answer it however late, and then the answer goes with the inbox", async () => {
  const bus = await handBus({ leaseMs: 10 * lifeMs });
  await askFrom(bus);
  const { receipt } = await takeOne(bus, "a1");
  bus.clock.pass(lifeMs);
  assert.equal(await prune(bus), 0);
  const { reply } = await ack(bus, receipt, { reply: "42" });
  assert.equal(await prune(bus), 0);
  bus.clock.pass(60_000);
  assert.equal(await prune(bus), 1);
  assert.equal(await rowsOf(bus, "deliveries"), 0);
  const { deliveries } = await bus.store.read((tx) => trace(tx, reply!.id));
  assert.deepEqual(
    deliveries.map(({ state }) => state),
    ["purged"],
  );
});

test("an asker who still waits, though the wall clock was set, keeps its inbox", async () => {
  const bus = await handBus();
  await askFrom(bus);
  await bus.store.write((tx) =>
    startWaiting(tx, "request-1", "mail", { ...bus.self, port: 9, nonce: 1 }),
  );
  bus.clock.stepWall(lifeMs);
  assert.equal(await prune(bus), 0);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "request-1"), { reserved: 1 });
  await bus.store.write((tx) => stopWaiting(tx, "request-1", "mail", bus.self));
  bus.clock.pass(60_000);
  assert.equal(await prune(bus), 1);
});

test("an answer that its asker holds is left to it, until its lease has run out", async () => {
  const bus = await handBus();
  await askFrom(bus);
  await ack(bus, (await takeOne(bus, "a1")).receipt, { reply: "42" });
  await takeOne(bus, "request-1", { leaseMs: 3 * lifeMs });
  bus.clock.pass(lifeMs);
  assert.equal(await prune(bus), 0);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "request-1"), { leased: 1 });
  bus.clock.pass(60_000);
  assert.equal(await prune(bus), 1);
  assert.equal(await rowsOf(bus, "deliveries"), 0);
});

test("what is subscribed under its name goes with it", async () => {
  const bus = await handBus();
  await askFrom(bus);
  await bus.store.write((tx) =>
    tx.run("insert into subscriptions (pattern, inbox, created_at) values ('>', 'request-1', 0)"),
  );
  bus.clock.pass(lifeMs);
  assert.equal(await prune(bus), 1);
  assert.equal(await rowsOf(bus, "subscriptions"), 0);
});

test("three hundred go at a time, and those that have to stay are not in the way of the others", async () => {
  const bus = await handBus();
  for (let n = 100; n < 410; n++) await askFrom(bus, `request-${n}`);
  await take(bus, "a1", { max: 305, leaseMs: 10 * lifeMs });
  bus.clock.pass(lifeMs);
  assert.deepEqual([await prune(bus), await prune(bus), await prune(bus)], [0, 5, 0]);
  assert.equal(await rowsOf(bus, "ledger"), 1 + 305);
});
