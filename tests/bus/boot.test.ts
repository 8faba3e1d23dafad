import assert from "node:assert/strict";
import { test } from "node:test";
import { openBus } from "../../src/bus/open.ts";
import { SkepError } from "../../src/core/errors.ts";
import { startWaiting } from "../../src/bus/waiters.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { ack, ledgerOf, nack, put, rowsOf, take, takeOne, texts } from "./verbs.ts";

const { handBus } = tempBuses();

/** Opens the bus again, as the next command does. */
async function openAgain({ store, clock, settings }: HandBus): Promise<void> {
  (await openBus(store, clock, settings)).doorbell.close();
}

/** The machine starts anew: its ticks count from nothing again. */
function reboot(bus: HandBus): Promise<void> {
  bus.clock.boot += " again";
  bus.clock.pass(-4_900_000);
  return openAgain(bus);
}

test("a new boot voids every lease, and spends no attempt", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  for (let n = 0; n < 3; n++) await put(bus, "a1");
  const before = await take(bus, "a1", { holder: "w1" });
  await reboot(bus);
  const after = await take(bus, "a1");
  assert.deepEqual(
    after.map(({ id, attempt }) => [id, attempt]),
    before.map(({ id }) => [id, 1]),
  );
  await assert.rejects(ack(bus, before[0]!.receipt), { code: "E_STALE" });
  assert.deepEqual(await bus.store.read((tx) => tx.get("select outcome, reason from attempts")), {
    outcome: "returned",
    reason: "the machine was started anew",
  });
});

test("a new boot is noticed also on a full disk, where nothing but what ends work is let through", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  await takeOne(bus, "a1");
  bus.clock.boot += " again";
  const full: HandBus["store"] = {
    ...bus.store,
    write: (fn, options) => {
      if (options?.essential !== true) throw new SkepError("E_DISK", "no room");
      return bus.store.write(fn, options);
    },
  };
  await openAgain({ ...bus, store: full });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 1, leased: 0 });
});

test("a new boot ends every backoff, as its ticks mean nothing any more", async () => {
  const bus = await handBus();
  for (const inbox of ["a1", "a2"]) {
    await put(bus, inbox);
    await nack(bus, (await takeOne(bus, inbox)).receipt, { delayMs: 1_000_000 });
  }
  await reboot(bus);
  for (const inbox of ["a1", "a2"])
    assert.partialDeepStrictEqual(await ledgerOf(bus, inbox), { ready: 1, delayed: 0 });
});

test("a new boot forgets who waited, for none of them is alive", async () => {
  const bus = await handBus();
  const waiter = { ...bus.self, port: 9, nonce: 9 };
  await bus.store.write((tx) => startWaiting(tx, "a1", "mail", waiter));
  await reboot(bus);
  assert.equal(await rowsOf(bus, "waiters"), 0);
});

test("a lease of the last boot is not taken for one that is good for years", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  await takeOne(bus, "a1");
  await reboot(bus);
  bus.clock.pass(1);
  assert.equal((await take(bus, "a1")).length, 1);
});

test("within one boot nothing is touched by the next command", async () => {
  const bus = await handBus();
  for (let n = 0; n < 2; n++) await put(bus, "a1");
  await nack(bus, (await takeOne(bus, "a1")).receipt, { delayMs: 10 });
  const { receipt } = await takeOne(bus, "a1");
  await openAgain(bus);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { delayed: 1, leased: 1 });
  assert.equal((await ack(bus, receipt)).already, undefined);
});

test("a new boot is noticed once, and the leases given out since stay", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  await reboot(bus);
  const { receipt } = await takeOne(bus, "a1");
  await openAgain(bus);
  assert.deepEqual(await ack(bus, receipt), { receipt, id: 1 });
});

test("a new boot leaves alone what its sender delayed", async () => {
  const bus = await handBus();
  await put(bus, "a1", "x", { delayMs: 1_000 });
  await put(bus, "a1", "y");
  await nack(bus, (await takeOne(bus, "a1")).receipt, { delayMs: 1_000_000 });
  await reboot(bus);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 1, delayed: 1 });
  bus.clock.pass(4_900_000 + 1_000);
  assert.deepEqual(texts(await take(bus, "a1")), ["x", "y"]);
});
