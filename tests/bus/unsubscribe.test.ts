import assert from "node:assert/strict";
import { test } from "node:test";
import { publishTx } from "../../src/bus/publish.ts";
import { subscribeTx } from "../../src/bus/subscribe.ts";
import { listTopics } from "../../src/bus/topics.ts";
import { unsubscribeTx } from "../../src/bus/unsubscribe.ts";
import { bytesOf } from "../../src/core/text.ts";
import { type TempBus, tempBuses } from "../helpers/temp-bus.ts";
import { take, texts } from "./verbs.ts";

const { handBus } = tempBuses();

/** A bus where bob is subscribed to a.* and to b, and eve to a.*. */
async function subscribed(): Promise<TempBus> {
  const bus = await handBus();
  await bus.store.write(async (tx) => {
    for (const [pattern, inbox] of [
      ["a.*", "bob"],
      ["b", "bob"],
      ["a.*", "eve"],
    ] as const)
      await subscribeTx(tx, pattern, inbox);
  });
  return bus;
}

const unsubscribe = ({ store }: TempBus, pattern: string, inbox: string) =>
  store.write((tx) => unsubscribeTx(tx, pattern, inbox));

const publish = ({ store, settings }: TempBus, topic: string, body: string) =>
  store.write((tx) => publishTx(tx, settings, { topic, body: bytesOf(body) }, { from: null }));

test("whoever unsubscribes gets no more of it, and keeps what has come", async () => {
  const bus = await subscribed();
  await publish(bus, "a.x", "before");
  assert.deepEqual(await unsubscribe(bus, "a.*", "bob"), { topic: "a.*", inbox: "bob" });
  await publish(bus, "a.x", "after");
  await publish(bus, "b", "other");
  assert.deepEqual(texts(await take(bus, "bob")), ["before", "other"]);
  assert.deepEqual(texts(await take(bus, "eve")), ["before", "after"]);
});

test("a subscription that is not there cannot be taken back, and what was meant is guessed", async () => {
  const bus = await subscribed();
  await assert.rejects(unsubscribe(bus, "a.b", "bob"), {
    code: "E_NOT_FOUND",
    message: "inbox bob is not subscribed to a.b",
    hint: "Did you mean a.*?",
  });
  await assert.rejects(unsubscribe(bus, "b", "eve"), { code: "E_NOT_FOUND" });
  await assert.rejects(unsubscribe(bus, "entirely.else", "nobody"), {
    code: "E_NOT_FOUND",
    hint: /skep topics/,
  });
  assert.equal((await bus.store.read(listTopics)).length, 3);
});

test("a pattern is taken back as it was given, and takes no other with it", async () => {
  const bus = await subscribed();
  await assert.rejects(unsubscribe(bus, "*", "bob"), { code: "E_NOT_FOUND" });
  await assert.rejects(unsubscribe(bus, ">", "bob"), { code: "E_NOT_FOUND" });
  await assert.rejects(unsubscribe(bus, "a.b.", "bob"), { code: "E_NAME" });
});
