import assert from "node:assert/strict";
import { test } from "node:test";
import { parkAll } from "../../src/bus/park.ts";
import { type Purge, findPurgeable, purge } from "../../src/bus/purge.ts";
import { send } from "../../src/bus/send.ts";
import { bytesOf } from "../../src/core/text.ts";
import { onlyRings } from "../fixtures/bus/bus.ts";
import { type HandBus, type TempBus, tempBuses } from "../helpers/temp-bus.ts";
import { untilWaiting } from "./waiting.ts";
import { ledgerOf, nack, put, rowsOf, take, takeOne } from "./verbs.ts";

const { handBus, liveBus } = tempBuses();

const find = ({ store }: TempBus, what: Partial<Purge> = {}) =>
  store.read((tx) => findPurgeable(tx, { inbox: "a1", dead: false, ...what }));

async function purgeAll(bus: TempBus, what: Partial<Purge> = {}) {
  return purge(bus, what.inbox ?? "a1", await find(bus, what), { by: "mum" });
}

/** An inbox with something in every state: 1 is dead, 2 parked, 3 leased, 4 delayed, 5 ready. */
async function mixed(settings: Partial<HandBus["settings"]> = {}): Promise<HandBus> {
  const bus = await handBus({ maxAttempts: 1, ...settings });
  await put(bus, "a1", "dead");
  await nack(bus, (await takeOne(bus, "a1")).receipt);
  await put(bus, "a1", "parked");
  await bus.store.write((tx) => parkAll(tx, bus.settings, 1));
  await put(bus, "a1", "leased");
  await takeOne(bus, "a1", { holder: "w1" });
  await put(bus, "a1", "delayed");
  await nack(
    { ...bus, settings: { ...bus.settings, maxAttempts: 5 } },
    (await takeOne(bus, "a1")).receipt,
  );
  await put(bus, "a1", "ready");
  return bus;
}

test("what nobody holds ends as purged, and the ledger with it", async () => {
  const bus = await mixed();
  assert.deepEqual(await purgeAll(bus), { ready: 1, delayed: 1, parked: 1, dead: 0 });
  const empty = { ready: 0, delayed: 0, parked: 0, reserved: 0 };
  assert.deepEqual(await ledgerOf(bus, "a1"), { ...empty, leased: 1, bytes: 6 });
  const purged = await bus.store.read((tx) =>
    tx.all("select delivery_id as id, outcome, holder from history order by 1"),
  );
  assert.deepEqual(
    purged,
    [2, 4, 5].map((id) => ({ id, outcome: "purged", holder: "mum" })),
  );
  assert.deepEqual(await purgeAll(bus), { ready: 0, delayed: 0, parked: 0, dead: 0 });
});

test("dead letters end too when that is asked", async () => {
  const bus = await mixed();
  assert.deepEqual(await find(bus, { dead: true }), { live: [2, 4, 5], dead: [1] });
  assert.equal((await purgeAll(bus, { dead: true })).dead, 1);
  assert.equal(await rowsOf(bus, "dead_letters"), 0);
});

test("only what is old enough ends, dead letters too", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  for (let n = 0; n < 2; n++) await put(bus, "a1");
  await nack(bus, (await takeOne(bus, "a1")).receipt);
  bus.clock.pass(1_000);
  await put(bus, "a1");
  const old = (olderThanMs: number) => find(bus, { olderThanMs, dead: true });
  assert.deepEqual(await old(1_001), { live: [], dead: [] });
  assert.deepEqual(await old(1_000), { live: [2], dead: [1] });
  assert.deepEqual(await old(0), { live: [2, 3], dead: [1] });
});

test("what was claimed since it was found is left to its holder, and so is another inbox", async () => {
  const bus = await handBus();
  for (let n = 0; n < 3; n++) await put(bus, "a1");
  await put(bus, "a2");
  const found = await find(bus);
  await take(bus, "a1", { max: 2 });
  const options = { by: null };
  assert.equal((await purge(bus, "a1", { ...found, live: [...found.live, 4] }, options)).ready, 1);
  assert.equal((await ledgerOf(bus, "a1"))?.leased, 2);
  assert.equal((await ledgerOf(bus, "a2"))?.ready, 1);
});

test("a request that is purged gives up the slot of its answer", async () => {
  const bus = await handBus();
  await put(bus, "a1", "?", { replyTo: "back" });
  await purgeAll(bus);
  assert.equal((await ledgerOf(bus, "back"))?.reserved, 0);
});

test("senders that wait for room are woken, by the doorbell alone", async () => {
  const bus = onlyRings(await liveBus({ inboxCap: 2 }));
  for (let n = 0; n < 2; n++) await put(bus, "a1", "in the way");
  const draft = { to: "a1", body: bytesOf("at last") };
  const sending = send(bus, draft, { from: null, onFull: "wait", timeoutMs: 60_000 });
  await untilWaiting(bus, "a1", "room");
  await purgeAll(bus);
  await sending;
});

test("a large inbox is purged in several transactions, and not further when it is told to stop", async () => {
  const bus = await handBus({ inboxCap: 10_000 });
  for (let n = 0; n < 1_100; n++) await put(bus, "a1");
  const found = await find(bus);
  const stop = new AbortController();
  const stopping: typeof bus.store = {
    ...bus.store,
    write: async (fn, options) => {
      const done = await bus.store.write(fn, options);
      stop.abort();
      return done;
    },
  };
  const first = await purge({ store: stopping }, "a1", found, { by: null, signal: stop.signal });
  assert.equal(first.ready, 500);
  assert.equal((await purgeAll(bus)).ready, 600);
});

test("there is nothing to purge in an inbox that is not there", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  await assert.rejects(find(bus, { inbox: "a2" }), { code: "E_NOT_FOUND" });
});
