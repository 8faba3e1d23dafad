import assert from "node:assert/strict";
import { test } from "node:test";
import { subscribeTx } from "../../src/bus/subscribe.ts";
import { listTopics } from "../../src/bus/topics.ts";
import { tempBuses } from "../helpers/temp-bus.ts";

const { handBus } = tempBuses();

test("with nobody subscribed there is nothing to list", async () => {
  const bus = await handBus();
  assert.deepEqual(await bus.store.read(listTopics), []);
});

test("subscriptions are listed by topic, and those to one topic by inbox", async () => {
  const bus = await handBus();
  for (const [pattern, inbox] of [
    ["b", "eve"],
    ["a.>", "eve"],
    ["b", "bob"],
  ] as const)
    await bus.store.write((tx) => subscribeTx(tx, pattern, inbox));
  const listed = await bus.store.read(listTopics);
  assert.deepEqual(
    listed.map(({ topic, inbox }) => `${topic} ${inbox}`),
    ["a.> eve", "b bob", "b eve"],
  );
  assert.deepEqual(listed[0], {
    topic: "a.>",
    inbox: "eve",
    createdAt: bus.clock.now(),
    skipped: 0,
  });
});
