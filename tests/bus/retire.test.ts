import assert from "node:assert/strict";
import { test } from "node:test";
import { publishTx } from "../../src/bus/publish.ts";
import { closeAddressBook, openAddressBook } from "../../src/bus/ledger.ts";
import { employInboxes, retireInboxes } from "../../src/bus/retire.ts";
import { sendBatch } from "../../src/bus/send.ts";
import { subscribeTx } from "../../src/bus/subscribe.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { routeAll } from "./routed.ts";
import { publication } from "./subscribers.ts";
import { ack, draft, ledgerOf, put, take, takeOne, texts } from "./verbs.ts";

const { handBus } = tempBuses();

const gone = { code: "E_NOT_FOUND", message: "no agent works on a any more" };

/** A bus under a swarm that has the agent b, and had the agent a; there is a message in each inbox. */
async function retiredBus(): Promise<HandBus> {
  const bus = await handBus();
  await put(bus, "a", "old");
  await put(bus, "b", "old");
  await bus.store.write(closeAddressBook);
  await bus.store.write((tx) => retireInboxes(tx, ["a", "nobody"]));
  return bus;
}

test("an inbox that no agent works on takes nothing, and its messages can be taken out", async () => {
  const bus = await retiredBus();
  await assert.rejects(put(bus, "a", "new"), gone);
  await assert.rejects(put(bus, "a", "new", { from: "b", delayMs: 5, key: "k" }), gone);
  await assert.rejects(
    bus.store.write((tx) => subscribeTx(tx, "t", "a", { evenIfClosed: true })),
    gone,
  );
  await put(bus, "b", "new");
  assert.deepEqual(texts(await take(bus, "a")), ["old"]);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a"), { ready: 0, leased: 1 });
});

test("nobody is told to have meant it", async () => {
  const bus = await retiredBus();
  await assert.rejects(put(bus, "A", "new"), { hint: "Did you mean b?" });
});

test("of a batch the others go their way, also beside one that goes elsewhere by a route", async () => {
  const bus = await routeAll(await retiredBus(), { "*": { c: ["b"] } });
  const drafts = ["c", "a", "b"].map((to) => draft(to, "new"));
  const options = { from: null, onFull: "fail", timeoutMs: 0, atomic: false } as const;
  const [first, second, third] = await sendBatch(bus, drafts, options);
  assert.partialDeepStrictEqual(first, { to: "c" });
  assert.equal((second as Error).message, gone.message);
  assert.partialDeepStrictEqual(third, { to: "b" });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a"), { ready: 1 });
});

test("an answer still gets there", async () => {
  const bus = await handBus();
  await put(bus, "b", "?", { from: "a", replyTo: "a" });
  await put(bus, "b", "by the way", { from: "a" });
  await bus.store.write(closeAddressBook);
  await bus.store.write((tx) => retireInboxes(tx, ["a"]));
  for (const reply of ["asked for", "not asked for"])
    await ack(bus, (await takeOne(bus, "b")).receipt, { reply, from: "b" });
  assert.deepEqual(texts(await take(bus, "a")), ["asked for", "not asked for"]);
});

test("what is published leaves it out, and fills it with nothing", async () => {
  const bus = await handBus();
  for (const inbox of ["a", "b"]) await bus.store.write((tx) => subscribeTx(tx, "t", inbox));
  await bus.store.write(closeAddressBook);
  await bus.store.write((tx) => retireInboxes(tx, ["a"]));
  const publish = () =>
    bus.store.write((tx) => publishTx(tx, bus.settings, publication("t"), { from: null }));
  assert.partialDeepStrictEqual(await publish(), { deliveries: 1 });
  await bus.store.write((tx) => employInboxes(tx, ["a"]));
  assert.partialDeepStrictEqual(await publish(), { deliveries: 2 });
});

test("it is as any other once somebody works on it again, and where anybody may send to anything", async () => {
  const bus = await retiredBus();
  await bus.store.write(openAddressBook);
  assert.deepEqual(await put(bus, "a", "open"), { id: 3, to: "a" });
  await bus.store.write(closeAddressBook);
  await assert.rejects(put(bus, "a", "closed"), gone);
  await bus.store.write((tx) => employInboxes(tx, ["a", "b"]));
  assert.deepEqual(await put(bus, "a", "back"), { id: 4, to: "a" });
  assert.deepEqual(texts(await take(bus, "a")), ["old", "open", "back"]);
});
