import assert from "node:assert/strict";
import { test } from "node:test";
import { findDead, listDead, showDead } from "../../src/bus/dead.ts";
import { publish } from "../../src/bus/publish.ts";
import { bytesOf } from "../../src/core/text.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { subscribeAll } from "./subscribers.ts";
import { nack, put, takeOne } from "./verbs.ts";

const { handBus } = tempBuses();

const list = ({ store }: HandBus, inbox?: string, max = 100) =>
  store.read((tx) => listDead(tx, inbox, max));
const find = ({ store }: HandBus, id: number) => store.read((tx) => findDead(tx, id));

/** Has the only delivery of `inbox` that is ready die. */
async function kill(bus: HandBus, inbox: string, reason = "no"): Promise<void> {
  await nack(bus, (await takeOne(bus, inbox, { holder: "w1" })).receipt, { reason });
}

/** A bus where one attempt is all there is, and what is published on `news` reaches a1, a2 and a3. */
async function mortal(): Promise<HandBus> {
  const bus = await handBus({ maxAttempts: 1 });
  await subscribeAll(
    bus,
    ["a1", "a2", "a3"].map((inbox) => ["news", inbox]),
  );
  return bus;
}

const news = (bus: HandBus) =>
  publish(
    bus,
    { topic: "news", body: bytesOf("hello") },
    { from: null, onFull: "fail", timeoutMs: 0 },
  );

test("the list has all dead letters in the order they were sent, or those of one inbox", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  for (const inbox of ["a1", "a2", "a1"])
    await put(bus, inbox, "poison", { from: "ada", type: "t" });
  await kill(bus, "a2", "bad");
  bus.clock.pass(5);
  await kill(bus, "a1");
  await kill(bus, "a1");
  assert.deepEqual(
    (await list(bus)).map(({ id, inbox }) => [id, inbox]),
    [
      [1, "a1"],
      [2, "a2"],
      [3, "a1"],
    ],
  );
  assert.deepEqual(
    (await list(bus, "a1")).map(({ id }) => id),
    [1, 3],
  );
  assert.deepEqual(
    (await list(bus, undefined, 2)).map(({ id }) => id),
    [1, 2],
  );
  assert.deepEqual((await list(bus, "a2"))[0], {
    id: 2,
    messageId: 2,
    inbox: "a2",
    from: "ada",
    type: "t",
    reason: "gave up after 1 attempt; the last one was refused: bad",
    attempt: 1,
    holder: "w1",
    priority: 4,
    bytes: 6,
    sentAt: bus.clock.now() - 5,
    diedAt: bus.clock.now() - 5,
  });
});

test("an inbox without dead letters has none, and one that is not there is an error", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  assert.deepEqual(await list(bus), []);
  assert.deepEqual(await list(bus, "a1"), []);
  await assert.rejects(list(bus, "a9"), { code: "E_NOT_FOUND", message: "there is no inbox a9" });
});

test("one dead letter is shown with its message and every attempt at it", async () => {
  const bus = await handBus({ maxAttempts: 2 });
  await put(bus, "a1", "poison", { thread: "x" });
  const attempts: object[] = [];
  for (const reason of ["first", "second"]) {
    await kill(bus, "a1", reason);
    const at = bus.clock.now();
    const epoch = attempts.length + 1;
    attempts.push({ epoch, holder: "w1", claimedAt: at, endedAt: at, outcome: "nacked", reason });
    bus.clock.pass(60_000);
  }
  const shown = await bus.store.read((tx) => showDead(tx, 1));
  assert.deepEqual(shown.attempts, attempts);
  assert.equal(shown.message.thread, "x");
  assert.deepEqual(shown.message.body, bytesOf("poison"));
  assert.equal(shown.attempt, 2);
});

test("an id is a delivery's, or a message's that has one dead delivery", async () => {
  const bus = await mortal();
  await put(bus, "other");
  const { id } = await news(bus);
  assert.equal(id, 2);
  await kill(bus, "a2");
  assert.equal(await find(bus, 3), 3);
  assert.equal(await find(bus, 2), 3, "the message has only that one");
  await kill(bus, "a3");
  await assert.rejects(find(bus, 2), {
    code: "E_USAGE",
    message: "message 2 has 2 dead deliveries",
    hint: "Name which: 3, 4.",
  });
  await kill(bus, "a1");
  assert.equal(await find(bus, 2), 2, "the delivery of that id comes first");
  assert.equal(await find(bus, 4), 4);
});

test("what is not dead is not found", async () => {
  const bus = await mortal();
  await put(bus, "a1");
  for (const id of [1, 2, 1_000_000])
    await assert.rejects(find(bus, id), {
      code: "E_NOT_FOUND",
      message: `there is no dead letter ${id}`,
    });
});
