import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { nextTimes } from "../../src/bus/next-times.ts";
import { type ReceiveOptions, receive } from "../../src/bus/receive.ts";
import { onlyRings } from "../fixtures/bus/bus.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { nack, put, takeOne, texts } from "./verbs.ts";
import {
  countingNaps,
  livingProcesses,
  ringFor,
  sleepy,
  untilWaiting,
  waitersOf,
} from "./waiting.ts";

const { handBus, liveBus, neighbour } = tempBuses();
const living = livingProcesses();

const claim = (bus: Bus, more: Partial<ReceiveOptions> = {}) =>
  receive(bus, { inbox: "a1", holder: null, max: 1, leaseMs: 60_000, waitMs: 60_000, ...more });

test("when something runs out or falls due next is known, and null where nothing does", async () => {
  const bus = await handBus();
  const next = () => bus.store.read((tx) => nextTimes(tx, "a1"));
  for (let n = 0; n < 4; n++) await put(bus, "a1");
  assert.deepEqual(await next(), { leaseTick: null, dueTick: null, dueAt: null });
  const tick = bus.clock.tick();
  for (const delayMs of [50, 30]) await nack(bus, (await takeOne(bus, "a1")).receipt, { delayMs });
  for (const leaseMs of [70, 60]) await takeOne(bus, "a1", { leaseMs });
  for (const delayMs of [20, 10]) await put(bus, "a1", "later", { delayMs });
  const dueAt = bus.clock.now() + 10;
  assert.deepEqual(await next(), { leaseTick: tick + 60, dueTick: tick + 30, dueAt });
});

test("a message that its sender delays wakes the one who waits when it is due, and no second later", async () => {
  const { bus, naps } = countingNaps(onlyRings(await handBus()));
  const waiting = claim(bus);
  await untilWaiting(bus, "a1", "mail");
  await put(bus, "a1", "x", { delayMs: 100 });
  // It is rung, looks, and sleeps no longer than that.
  await waitUntil("it sleeps until then", () => naps.at(-1) === 100);
  bus.clock.pass(100);
  await ringFor(bus);
  assert.deepEqual(texts(await waiting), ["x"]);
});

test("a message that is due later than anybody sleeps wakes nobody when it is sent", async () => {
  const bus = onlyRings(await liveBus());
  const stop = new AbortController();
  const waiting = claim(bus, { signal: stop.signal });
  await untilWaiting(bus, "a1", "mail");
  await put(bus, "a1", "x", { delayMs: 60_000 });
  assert.partialDeepStrictEqual((await waitersOf(bus, "a1", "mail"))[0], { waiting: 1 });
  assert.equal(bus.doorbell.rings(), 0);
  stop.abort();
  assert.deepEqual(await waiting, []);
});

test("whoever leaves with another message hands on what is due soon", async () => {
  const bus = await handBus();
  const [first, second] = [living(), living()].map((pid) =>
    countingNaps(onlyRings(neighbour(bus, pid))),
  );
  const theirs = [claim(first!.bus)];
  await untilWaiting(bus, "a1", "mail", 1);
  theirs.push(claim(second!.bus));
  await untilWaiting(bus, "a1", "mail", 2);
  await put(bus, "a1", "soon", { delayMs: 300 });
  await waitUntil("the first one sleeps until then", () => first!.naps.at(-1) === 300);
  await untilWaiting(bus, "a1", "mail", 2);
  await put(bus, "a1", "now");
  assert.deepEqual(texts(await theirs[0]!), ["now"]);
  await waitUntil("the second one sleeps until then", () => second!.naps.at(-1) === 300);
  bus.clock.pass(300);
  await ringFor(second!.bus);
  assert.deepEqual(texts(await theirs[1]!), ["soon"]);
});

test("a delay that is over because the wall clock was set is seen at the next glance", async () => {
  const { bus, naps, wake } = sleepy(await handBus());
  const waiting = claim(bus, { waitMs: 1_000_000 });
  await waitUntil("it sleeps", () => naps.length === 1);
  await put(bus, "a1", "x", { delayMs: 10_000 });
  wake();
  // Nothing is committed from here on.
  await waitUntil("it has looked, and sleeps again", () => naps.length === 2);
  bus.clock.stepWall(10_000);
  const waking = setInterval(wake, 10);
  assert.equal((await waiting).length, 1);
  clearInterval(waking);
});

test("whoever may not claim does not write again and again for what is due", async () => {
  const bus = await liveBus();
  await put(bus, "a1", "x", { delayMs: 20 });
  let writes = 0;
  const write: typeof bus.store.write = (fn, options) => {
    writes++;
    return bus.store.write(fn, options);
  };
  let mayClaim = false;
  const waiting = claim(
    { ...bus, store: { ...bus.store, write } },
    { mayClaim: async () => mayClaim },
  );
  const overdueMs = 300;
  const dueAt = bus.clock.now() + 20;
  await waitUntil("it is long due", () => bus.clock.now() > dueAt + overdueMs);
  // It looks every second or two, or when something has changed.
  assert.ok(writes < 10, String(writes));
  mayClaim = true;
  assert.equal((await waiting).length, 1);
});
