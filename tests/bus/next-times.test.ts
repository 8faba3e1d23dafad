import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { nextTimes } from "../../src/bus/next-times.ts";
import { type ReceiveOptions, receive } from "../../src/bus/receive.ts";
import { onlyRings } from "../fixtures/bus/bus.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { nack, put, takeOne, texts } from "./verbs.ts";
import { livingProcesses, sleepy, untilWaiting, waitersOf } from "./waiting.ts";

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
  const bus = await liveBus();
  const took = [];
  for (let n = 0; n < 3; n++) {
    const waiting = claim(bus);
    await untilWaiting(bus, "a1", "mail");
    await put(bus, "a1", String(n), { delayMs: 100 });
    const [delivery] = await waiting;
    took.push(bus.clock.now() - delivery!.sentAt);
  }
  // A look of one's own comes after 1 s at the earliest; a machine that is busy may be late, but not each time.
  assert.ok(Math.min(...took) >= 100 && Math.min(...took) < 700, String(took));
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
  const bus = await liveBus();
  const took = [];
  for (let n = 0; n < 3; n++) {
    const theirs = [];
    for (const count of [1, 2]) {
      theirs.push(claim(neighbour(bus, living())));
      await untilWaiting(bus, "a1", "mail", count);
    }
    await put(bus, "a1", "soon", { delayMs: 300 });
    await untilWaiting(bus, "a1", "mail", 2);
    await put(bus, "a1", "now");
    const [now, soon] = (await Promise.all(theirs)).map((claimed) => claimed[0]!);
    assert.deepEqual(texts([now!, soon!]), ["now", "soon"]);
    took.push(bus.clock.now() - soon!.sentAt);
  }
  assert.ok(Math.min(...took) >= 300 && Math.min(...took) < 900, String(took));
});

test("a delay that is over because the wall clock was set is seen at the next glance", async () => {
  const { bus, wake } = sleepy(await handBus());
  const waiting = claim(bus, { waitMs: 1_000_000 });
  await untilWaiting(bus, "a1", "mail");
  await put(bus, "a1", "x", { delayMs: 10_000 });
  wake();
  // It sleeps again once it has looked; nothing is committed from here on.
  await untilWaiting(bus, "a1", "mail");
  bus.clock.stepWall(10_000);
  const waking = setInterval(wake, 10);
  assert.equal((await waiting).length, 1);
  clearInterval(waking);
});
