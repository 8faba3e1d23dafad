import assert from "node:assert/strict";
import { test } from "node:test";
import { handBack } from "../../src/bus/hand-back.ts";
import { trace } from "../../src/bus/trace.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { ack, nack, put, take, takeOne } from "./verbs.ts";

const { handBus } = tempBuses();

/** The steps of the first delivery of a message, as words; and its state. */
async function life({ store }: HandBus, id: number): Promise<string[]> {
  const { deliveries } = await store.read((tx) => trace(tx, id));
  assert.equal(deliveries.length, 1);
  const { steps, state } = deliveries[0]!;
  const words = steps.map(({ what, holder, epoch, reason }) =>
    [what, epoch, holder, reason].filter((part) => part !== null).join(" "),
  );
  return [...words, `= ${state}`];
}

test("a message that nobody claimed was sent, and is ready", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  assert.deepEqual(await life(bus, 1), ["sent", "= ready"]);
});

test("a claim that is open is told, and so is the ack that ended one", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  const { receipt } = await takeOne(bus, "a1", { holder: "w1" });
  assert.deepEqual(await life(bus, 1), ["sent", "claimed 1 w1", "= leased"]);
  await ack(bus, receipt);
  assert.deepEqual(await life(bus, 1), ["sent", "claimed 1 w1", "acked 1 w1", "= acked"]);
});

test("every claim that failed is told, with who held it and why it came back", async () => {
  const bus = await handBus({ maxAttempts: 3 });
  await put(bus, "a1");
  await nack(bus, (await takeOne(bus, "a1", { holder: "w1" })).receipt, {
    delayMs: 0,
    reason: "no",
  });
  await takeOne(bus, "a1", { holder: "w2", leaseMs: 10 });
  bus.clock.pass(10);
  await takeOne(bus, "a1", { holder: "w3" });
  await bus.store.write((tx) => handBack(tx, bus.settings, "w3", "returned", "stopped"));
  await takeOne(bus, "a1", { holder: "w4" });
  await bus.store.write((tx) => handBack(tx, bus.settings, "w4", "died", "killed"));
  const dead = "gave up after 3 attempts; the last one lost its holder: killed";
  assert.deepEqual(await life(bus, 1), [
    "sent",
    "claimed 1 w1",
    "nacked 1 w1 no",
    "claimed 2 w2",
    "expired 2 w2",
    "claimed 3 w3",
    "returned 3 w3 stopped",
    "claimed 4 w4",
    "died 4 w4 killed",
    `dead 4 w4 ${dead}`,
    "= dead",
  ]);
});

test("a late ack is told after the end of its lease, without a claim that never was", async () => {
  const bus = await handBus();
  for (let n = 0; n < 2; n++) await put(bus, "a1");
  const [first, second] = await take(bus, "a1", { holder: "w1", leaseMs: 10 });
  bus.clock.pass(10);
  await ack(bus, second!.receipt);
  await takeOne(bus, "a1", { holder: "w2" });
  assert.deepEqual(await life(bus, 2), ["sent", "claimed 1 w1", "acked 1 w1", "= acked"]);
  assert.deepEqual((await life(bus, 1)).slice(1, 3), ["claimed 1 w1", "expired 1 w1"]);
  await assert.rejects(ack(bus, first!.receipt), { code: "E_STALE" });
});

test("an ack of what had run out and was swept is told once", async () => {
  const bus = await handBus();
  for (let n = 0; n < 2; n++) await put(bus, "a1");
  const [, second] = await take(bus, "a1", { holder: "w1", leaseMs: 10 });
  bus.clock.pass(10);
  await takeOne(bus, "a1", { holder: "w2" });
  await ack(bus, second!.receipt);
  assert.deepEqual(await life(bus, 2), [
    "sent",
    "claimed 1 w1",
    "expired 1 w1",
    "acked 1 w1",
    "= acked",
  ]);
});

test("steps carry the time they happened", async () => {
  const bus = await handBus();
  const began = bus.clock.now();
  await put(bus, "a1");
  bus.clock.pass(5);
  const { receipt } = await takeOne(bus, "a1");
  bus.clock.pass(7);
  await ack(bus, receipt);
  const { deliveries } = await bus.store.read((tx) => trace(tx, 1));
  assert.deepEqual(
    deliveries[0]!.steps.map(({ at }) => at - began),
    [0, 5, 12],
  );
});

test("what answers a message, or goes on in its thread, follows it", async () => {
  const bus = await handBus();
  await put(bus, "a1", "?", { from: "a2" });
  await put(bus, "a1", "something else");
  await ack(bus, (await takeOne(bus, "a1")).receipt, { reply: "!" });
  await put(bus, "a1", "and then?", { thread: "1" });
  const followed = async (id: number) =>
    (await bus.store.read((tx) => trace(tx, id))).followedBy.map((follower) => follower.id);
  assert.deepEqual(await followed(1), [3, 4]);
  assert.deepEqual(await followed(2), []);
  assert.deepEqual(await followed(3), [4]);
});

test("the message itself is shown as it was sent", async () => {
  const bus = await handBus();
  await put(bus, "a1", "hello", { from: "a2", type: "t", thread: "x", replyTo: "a2", priority: 6 });
  assert.deepEqual((await bus.store.read((tx) => trace(tx, 1))).message, {
    id: 1,
    from: "a2",
    type: "t",
    thread: "x",
    replyTo: "a2",
    priority: 6,
    sentAt: bus.clock.now(),
    body: new TextEncoder().encode("hello"),
  });
});

test("there is nothing to tell of a message that is not there", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  for (const id of [0, 2, -1])
    await assert.rejects(
      bus.store.read((tx) => trace(tx, id)),
      { code: "E_NOT_FOUND", message: `there is no message ${id}` },
    );
});
