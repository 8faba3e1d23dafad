import assert from "node:assert/strict";
import { test } from "node:test";
import { closeAddressBook } from "../../src/bus/ledger.ts";
import { subscribeTx } from "../../src/bus/subscribe.ts";
import { listTopics } from "../../src/bus/topics.ts";
import { type TempBus, tempBuses } from "../helpers/temp-bus.ts";
import { put, rowsOf } from "./verbs.ts";

const { handBus } = tempBuses();

const subscribe = ({ store }: TempBus, pattern: string, inbox: string) =>
  store.write((tx) => subscribeTx(tx, pattern, inbox));

test("subscribing creates the inbox, and says so", async () => {
  const bus = await handBus();
  assert.deepEqual(await subscribe(bus, "a.*", "bob"), {
    topic: "a.*",
    inbox: "bob",
    created: true,
  });
  assert.deepEqual(await bus.store.read(listTopics), [
    { topic: "a.*", inbox: "bob", createdAt: bus.clock.now(), skipped: 0 },
  ]);
});

test("subscribing twice changes nothing, and says so", async () => {
  const bus = await handBus();
  await put(bus, "bob");
  assert.deepEqual(await subscribe(bus, "a.>", "bob"), { topic: "a.>", inbox: "bob" });
  const [first] = await bus.store.read(listTopics);
  bus.clock.pass(1_000);
  assert.deepEqual(await subscribe(bus, "a.>", "bob"), {
    topic: "a.>",
    inbox: "bob",
    already: true,
  });
  assert.deepEqual(await bus.store.read(listTopics), [first]);
});

test("with a closed address book only an inbox that is there can be subscribed", async () => {
  const bus = await handBus();
  await put(bus, "bob");
  await bus.store.write(closeAddressBook);
  await assert.rejects(subscribe(bus, "a", "bbo"), {
    code: "E_NOT_FOUND",
    hint: "Did you mean bob?",
  });
  await subscribe(bus, "a", "bob");
  assert.equal(await rowsOf(bus, "subscriptions"), 1);
});

test("while the address book is closed a new inbox is made only for whoever is to read it", async () => {
  const bus = await handBus();
  await bus.store.write(closeAddressBook);
  await assert.rejects(subscribe(bus, "a", "bob"), { code: "E_NOT_FOUND" });
  const own = await bus.store.write((tx) => subscribeTx(tx, "a", "bob", { evenIfClosed: true }));
  assert.deepEqual(own, { topic: "a", inbox: "bob", created: true });
  await assert.rejects(put(bus, "bobb"), { code: "E_NOT_FOUND" });
});

test("what is no topic or no inbox is refused, and nothing is created", async () => {
  const bus = await handBus();
  for (const [pattern, inbox] of [
    ["a..b", "bob"],
    ["a.>.b", "bob"],
    ["a", "b b"],
    ["a", ""],
  ] as const)
    await assert.rejects(subscribe(bus, pattern, inbox), { code: "E_NAME" });
  assert.equal(await rowsOf(bus, "subscriptions"), 0);
  assert.equal(await rowsOf(bus, "ledger"), 0);
});

test("the subscriptions of an inbox go when it goes, and those of others stay", async () => {
  const bus = await handBus();
  for (const [pattern, inbox] of [
    ["a.b", "bob"],
    ["a.>", "bob"],
    ["a.>", "eve"],
  ] as const)
    await subscribe(bus, pattern, inbox);
  await bus.store.write((tx) => tx.run("delete from ledger where inbox = 'bob'"));
  const left = await bus.store.read(listTopics);
  assert.deepEqual(
    left.map(({ topic, inbox }) => [topic, inbox]),
    [["a.>", "eve"]],
  );
});
