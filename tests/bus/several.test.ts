// What is sent to an address that means several inboxes: one message, for all of them or for none.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { receive } from "../../src/bus/receive.ts";
import { setRoutes } from "../../src/bus/routes.ts";
import { type SendOptions, send, sendBatch } from "../../src/bus/send.ts";
import { trace } from "../../src/bus/trace.ts";
import type { SkepError } from "../../src/core/errors.ts";
import { onlyRings } from "../fixtures/bus/bus.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { routeAll, routes, team } from "./routed.ts";
import { ack, draft, ledgerOf, put, rowsOf, take, takeOne, texts } from "./verbs.ts";
import { livingProcesses, untilWaiting, waitersOf } from "./waiting.ts";

const { handBus, liveBus, neighbour } = tempBuses();
const living = livingProcesses();

const workers = ["w1", "w2", "w3"];
const boss = { from: "c1" };
const now: SendOptions = { ...boss, onFull: "fail", timeoutMs: 0 };
const patient: SendOptions = { ...boss, onFull: "wait", timeoutMs: 60_000 };

const routedBus = async (...[settings = {}]: Parameters<typeof handBus>) =>
  routeAll(await handBus(settings));

test("each of them gets it, it is stored once, and the answer says how many", async () => {
  const bus = await routedBus();
  assert.deepEqual(await put(bus, "@workers", "go", { ...boss, type: "order", priority: 7 }), {
    id: 1,
    to: "@workers",
    deliveries: 3,
  });
  assert.equal(await rowsOf(bus, "messages"), 1);
  for (const inbox of workers) {
    const { id, to, from, type, priority, body } = await takeOne(bus, inbox);
    assert.deepEqual([id, to, from, type, priority], [1, inbox, "c1", "order", 7]);
    assert.deepEqual(texts([{ body }]), ["go"]);
  }
  // It took an id for each delivery.
  assert.equal((await put(bus, "w1", "next", boss)).id, 4);
  const { deliveries } = await bus.store.read((tx) => trace(tx, 2));
  assert.deepEqual(
    deliveries.map(({ inbox }) => inbox),
    workers,
  );
});

test("one full inbox refuses it for all: the error names it, and nobody gets it", async () => {
  const bus = await routedBus({ inboxCap: 1 });
  await put(bus, "w2");
  await assert.rejects(put(bus, "@workers", "go", boss), {
    code: "E_FULL",
    message: "inbox w2 is full; nobody got what was sent to @workers",
    retryAfterMs: 250,
  });
  assert.equal(await rowsOf(bus, "messages"), 1);
  const refused = await bus.store.read((tx) =>
    tx.all("select inbox, refused from ledger where refused > 0"),
  );
  assert.deepEqual(refused, [{ inbox: "w2", refused: 1 }]);
});

test("by the rate of its sender it is one message, and by the rates of the inboxes one in each", async () => {
  const bus = await routedBus();
  await bus.store.write(async (tx) => {
    await tx.run("insert into senders (name, rate_per_s, burst) values ('c1', 1, 1)");
    await tx.run("update ledger set rate_per_s = 0.5, burst = 1 where inbox = 'w3'");
  });
  await put(bus, "@workers", "1", boss);
  await assert.rejects(put(bus, "@workers", "2", boss), {
    code: "E_RATE",
    message: "too fast: c1 may send 1/s; nobody got what was sent to @workers",
    retryAfterMs: 1_000,
  });
  bus.clock.pass(1_000);
  await assert.rejects(put(bus, "@workers", "2", boss), {
    code: "E_RATE",
    message: /inbox w3 takes/,
    retryAfterMs: 1_000,
  });
  bus.clock.pass(1_000);
  assert.equal((await put(bus, "@workers", "2", boss)).deliveries, 3);
});

test("it can be for later, for so long, and once", async () => {
  const bus = await routedBus();
  const later = { ...boss, delayMs: 1_000, ttlMs: 2_000, key: "k" };
  assert.deepEqual(await put(bus, "@workers", "go", later), {
    id: 1,
    to: "@workers",
    deliveries: 3,
  });
  assert.deepEqual(await put(bus, "@workers", "go", later), {
    id: 1,
    to: "@workers",
    already: true,
  });
  await assert.rejects(put(bus, "@team:c1", "go", later), { code: "E_CONFLICT" });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "w1"), { ready: 0, delayed: 1 });
  bus.clock.pass(1_000);
  assert.equal((await take(bus, "w1")).length, 1);
  bus.clock.pass(1_000);
  assert.deepEqual(await take(bus, "w2"), []);
});

test("each answer has a slot of its own", async () => {
  const bus = await routedBus({ inboxCap: 3 });
  await put(bus, "@workers", "?", { ...boss, replyTo: "c1" });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "c1"), { reserved: 3 });
  await assert.rejects(put(bus, "c1"), { code: "E_FULL" });
  for (const inbox of workers) {
    const { receipt } = await takeOne(bus, inbox);
    await ack(bus, receipt, { from: inbox, reply: inbox });
  }
  assert.deepEqual(texts(await take(bus, "c1")), workers);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "c1"), { reserved: 0, leased: 3 });
});

test("without room for all answers it is refused, and so it is without room for one of them, and keeps no slot", async () => {
  const bus = await routedBus({ inboxCap: 3 });
  const ask = () => put(bus, "@workers", "?", { ...boss, replyTo: "c1" });
  await put(bus, "c1");
  await assert.rejects(ask(), { message: "inbox c1 has no room for the answer" });
  await ack(bus, (await takeOne(bus, "c1")).receipt);
  for (let n = 0; n < 3; n++) await put(bus, "w3");
  await assert.rejects(ask(), { message: /^inbox w3 is full/ });
  // In a batch the others go all the same.
  const drafts = [draft("@workers", "?", { replyTo: "c1" }), draft("w1", "plain")];
  const [refused, sent] = await sendBatch(bus, drafts, { ...now, atomic: false });
  assert.equal((refused as SkepError).code, "E_FULL");
  assert.partialDeepStrictEqual(sent, { to: "w1" });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "c1"), { reserved: 0 });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "w1"), { ready: 1 });
});

/** A live bus where the workers' inboxes hold one message each and have no room. */
async function fullBus(): Promise<Bus> {
  const bus = await routeAll(await liveBus({ inboxCap: 1 }));
  for (const inbox of workers) await put(bus, inbox, "first");
  return bus;
}

/** Makes room for one message in `inbox`. */
const makeRoom = async (bus: Bus, inbox: string) => ack(bus, (await takeOne(bus, inbox)).receipt);

test("with several of them full it waits for one after the other, and for nobody in the end", async () => {
  const bus = onlyRings(await fullBus());
  const sending = send(bus, draft("@workers", "go"), patient);
  for (const inbox of workers) {
    await untilWaiting(bus, inbox, "room");
    await makeRoom(bus, inbox);
  }
  assert.equal((await sending).deliveries, 3);
  for (const inbox of workers) assert.deepEqual(await waitersOf(bus, inbox, "room"), []);
});

test("room that it cannot use yet goes to the next in line at once", async () => {
  const bus = onlyRings(await fullBus());
  const sending = send(bus, draft("@workers", "go"), patient);
  await untilWaiting(bus, "w1", "room");
  const other = onlyRings(neighbour(bus, living()));
  const second = send(other, draft("w1", "sent"), { ...patient, from: null });
  await untilWaiting(bus, "w1", "room", 2);
  await makeRoom(bus, "w1");
  assert.equal((await second).id, 4);
  for (const inbox of ["w2", "w1", "w3"]) {
    await untilWaiting(bus, inbox, "room");
    await makeRoom(bus, inbox);
  }
  assert.equal((await sending).deliveries, 3);
});

test("what it means is looked up anew when there is room", async () => {
  const bus = onlyRings(await fullBus());
  const sending = send(bus, draft("@workers", "go"), patient);
  await untilWaiting(bus, "w1", "room");
  const fewer = { c1: { ...team["c1"], "@workers": ["w1"] } };
  await bus.store.write((tx) => setRoutes(tx, routes(fewer)));
  await makeRoom(bus, "w1");
  assert.equal((await sending).deliveries, 1);
});

test("an atomic batch waits until there is room for all of it, by whatever addresses it goes", async () => {
  const bus = onlyRings(await routeAll(await liveBus({ inboxCap: 4 })));
  for (let n = 0; n < 4; n++) await put(bus, "w2");
  const drafts = [draft("w1"), draft("@workers"), draft("w2"), draft("@team:c1")];
  const sending = sendBatch(bus, drafts, { ...patient, atomic: true });
  for (let n = 0; n < 3; n++) {
    await untilWaiting(bus, "w2", "room");
    const places = await bus.store.read((tx) => tx.all("select places from waiters"));
    assert.deepEqual(places, [{ places: 3 }]);
    assert.partialDeepStrictEqual(await ledgerOf(bus, "w1"), { ready: 0 });
    await makeRoom(bus, "w2");
  }
  assert.equal((await sending).length, 4);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "w2"), { ready: 4 });
  const tooMany = sendBatch(
    bus,
    Array.from({ length: 5 }, () => draft("@workers")),
    {
      ...now,
      atomic: true,
    },
  );
  await assert.rejects(tooMany, { code: "E_FULL", message: /can never take that at once/ });
});

test("everybody who waits for mail is rung, and is there at once", async () => {
  const bus = onlyRings(await routeAll(await liveBus()));
  const waiting = workers.map((inbox) => {
    const claim = { inbox, holder: inbox, max: 1, leaseMs: 60_000, waitMs: 60_000 };
    return receive(onlyRings(neighbour(bus, living())), claim);
  });
  for (const inbox of workers) await untilWaiting(bus, inbox, "mail");
  await put(bus, "@workers", "go", boss);
  assert.deepEqual(texts((await Promise.all(waiting)).flat()), ["go", "go", "go"]);
});
