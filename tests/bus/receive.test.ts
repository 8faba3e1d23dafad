import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { closeIntake } from "../../src/bus/intake.ts";
import { closeAddressBook, createInbox } from "../../src/bus/ledger.ts";
import { type ReceiveOptions, receive } from "../../src/bus/receive.ts";
import { sendTx } from "../../src/bus/send.ts";
import { ackTx } from "../../src/bus/settle.ts";
import { startWaiting } from "../../src/bus/waiters.ts";
import { elapsedMs } from "../../src/core/clock.ts";
import { SkepError } from "../../src/core/errors.ts";
import { onlyRings } from "../fixtures/bus/bus.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { ack, draft, ledgerOf, nack, put, takeOne, texts } from "./verbs.ts";
import {
  countingNaps,
  deadProcess,
  livingProcesses,
  sendUnheard,
  sleepy,
  untilWaiting,
  waitersOf,
  withoutSocket,
} from "./waiting.ts";

const { handBus, liveBus, neighbour } = tempBuses();
const living = livingProcesses();

const claim = (bus: Bus, more: Partial<ReceiveOptions> = {}) =>
  receive(bus, { inbox: "a1", holder: null, max: 1, leaseMs: 60_000, waitMs: 60_000, ...more });

test("what is there is claimed without waiting, and without a socket", async () => {
  const bus = onlyRings(await liveBus());
  for (const body of ["1", "2", "3"]) await put(bus, "a1", body);
  assert.deepEqual(texts(await claim(bus, { max: 2 })), ["1", "2"]);
  assert.deepEqual(texts(await claim(bus, { waitMs: 0 })), ["3"]);
  assert.equal(bus.doorbell.bound(), undefined);
  assert.deepEqual(await waitersOf(bus, "a1", "mail"), []);
});

test("whoever only looks is answered at once, and an inbox that was not there is there now", async () => {
  const bus = await handBus();
  assert.deepEqual(await claim(bus, { waitMs: 0 }), []);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 0 });
  assert.equal(bus.doorbell.bound(), undefined);
});

test("a message wakes the one who waits, by the doorbell alone, and leaves no waiter behind", async () => {
  const bus = onlyRings(await liveBus());
  for (let n = 0; n < 5; n++) {
    const waiting = claim(bus);
    await untilWaiting(bus, "a1", "mail");
    await put(bus, "a1", String(n));
    assert.deepEqual(texts(await waiting), [String(n)]);
    assert.deepEqual(await waitersOf(bus, "a1", "mail"), []);
  }
});

test("a message sent between the look and the wait is not missed", async () => {
  const bus = onlyRings(await liveBus());
  await bus.store.write((tx) => createInbox(tx, "a1"));
  let sent = false;
  // Binding the socket comes after the look that found nothing.
  const address = async () => {
    const found = await bus.doorbell.address();
    if (!sent) await put(bus, "a1", "in between");
    sent = true;
    return found;
  };
  const hurried = { ...bus, doorbell: { ...bus.doorbell, address } };
  assert.deepEqual(texts(await claim(hurried)), ["in between"]);
});

test("a message sent between noting the wait and sleeping is not missed, though the ring is over by then", async () => {
  const bus = onlyRings(await liveBus());
  const write: typeof bus.store.write = async (...work) => {
    const done = await bus.store.write(...work);
    if (bus.doorbell.rings() === 0) {
      await put(bus, "a1", "in between");
      await waitUntil("it has been rung", () => bus.doorbell.rings() > 0);
    }
    return done;
  };
  const slow = { ...bus, store: { ...bus.store, write } };
  assert.deepEqual(texts(await claim(slow)), ["in between"]);
});

test("of two who wait for one message exactly one is rung, and the other sleeps on", async () => {
  const bus = onlyRings(await liveBus());
  const others = [living(), living()].map((pid) => neighbour(bus, pid)).map(onlyRings);
  const stop = new AbortController();
  const waits = [];
  for (const [n, other] of others.entries()) {
    waits.push(claim(other, { signal: stop.signal }));
    await untilWaiting(bus, "a1", "mail", n + 1);
  }
  await put(bus, "a1");
  await Promise.race(waits);
  assert.deepEqual(
    (await waitersOf(bus, "a1", "mail")).map(({ pid, waiting }) => [pid, waiting]),
    [[others[1]!.self.pid, 1]],
  );
  assert.deepEqual(
    others.map(({ doorbell }) => doorbell.rings()),
    [1, 0],
  );
  stop.abort();
  assert.deepEqual(
    (await Promise.all(waits)).map((claimed) => claimed.length),
    [1, 0],
  );
});

test("as many are rung as there are messages", async () => {
  const bus = onlyRings(await liveBus());
  const others = [living(), living(), living()].map((pid) => onlyRings(neighbour(bus, pid)));
  const stop = new AbortController();
  const waits = others.map((other) => claim(other, { signal: stop.signal }));
  await untilWaiting(bus, "a1", "mail", 3);
  await bus.store.write(async (tx) => {
    for (const body of ["1", "2"]) await sendTx(tx, bus.settings, null, draft("a1", body));
  });
  await untilWaiting(bus, "a1", "mail", 1);
  stop.abort();
  const counts = (await Promise.all(waits)).map((claimed) => claimed.length);
  assert.deepEqual(counts.toSorted(), [0, 1, 1]);
});

test("whoever claims and leaves work behind rings another", async () => {
  const bus = onlyRings(await liveBus());
  const waiting = claim(onlyRings(neighbour(bus, living())));
  await untilWaiting(bus, "a1", "mail");
  await sendUnheard(bus, "a1", ["1", "2"]);
  assert.deepEqual(texts(await claim(bus)), ["1"]);
  assert.deepEqual(texts(await waiting), ["2"]);
});

test("whoever wakes by itself and leaves work behind rings another, and not itself", async () => {
  const { bus, wake } = sleepy(await liveBus());
  const ours = claim(bus);
  await untilWaiting(bus, "a1", "mail", 1);
  const theirs = claim(onlyRings(neighbour(bus, living())));
  await untilWaiting(bus, "a1", "mail", 2);
  await sendUnheard(bus, "a1", ["1", "2"]);
  wake();
  assert.deepEqual(texts(await ours), ["1"]);
  assert.deepEqual(texts(await theirs), ["2"]);
});

test("a waiter that has died does not swallow the ring", async () => {
  const bus = onlyRings(await liveBus());
  const address = { port: 9, nonce: 9 };
  await bus.store.write((tx) =>
    startWaiting(tx, "a1", "mail", { pid: deadProcess(), startTime: 1, ...address }),
  );
  const waiting = claim(bus);
  await untilWaiting(bus, "a1", "mail", 2);
  await put(bus, "a1");
  assert.equal((await waiting).length, 1);
  assert.deepEqual(await waitersOf(bus, "a1", "mail"), []);
});

test("a wait ends with nothing when its time is over, and leaves no waiter behind", async () => {
  const bus = await liveBus();
  const begun = elapsedMs();
  assert.deepEqual(await claim(bus, { waitMs: 80 }), []);
  assert.ok(elapsedMs() - begun >= 75);
  assert.deepEqual(await waitersOf(bus, "a1", "mail"), []);
});

test("a wait ends with nothing when its signal aborts, and leaves no waiter behind", async () => {
  const bus = onlyRings(await liveBus());
  const stop = new AbortController();
  const waiting = claim(bus, { signal: stop.signal });
  await untilWaiting(bus, "a1", "mail");
  stop.abort();
  assert.deepEqual(await waiting, []);
  assert.deepEqual(await waitersOf(bus, "a1", "mail"), []);
});

test("told to stop while it stands in line for the lock, a claim is nothing and no error", async () => {
  const bus = await liveBus();
  await put(bus, "a1");
  const write = () => Promise.reject(new SkepError("E_BUSY", "locked"));
  const locked = { ...bus, store: { ...bus.store, write } };
  assert.deepEqual(await claim(locked, { signal: AbortSignal.abort() }), []);
  await assert.rejects(claim(locked, { waitMs: 0 }), { code: "E_BUSY" });
});

test("whoever stays in line is there the next time, and is not rung while it is busy", async () => {
  const bus = onlyRings(await liveBus());
  const waiting = claim(bus, { stay: true });
  await untilWaiting(bus, "a1", "mail");
  await put(bus, "a1", "1");
  await waiting;
  const [row] = await waitersOf(bus, "a1", "mail");
  assert.partialDeepStrictEqual(row, { pid: process.pid, waiting: 0 });
  await put(bus, "a1", "2");
  assert.equal(bus.doorbell.rings(), 1);
  assert.deepEqual(texts(await claim(bus, { stay: true })), ["2"]);
});

test("a lease that runs out wakes the one who waits, though nobody rings", async () => {
  const { bus, naps, wake } = sleepy(await handBus());
  await put(bus, "a1");
  await takeOne(bus, "a1", { leaseMs: 150 });
  const waiting = claim(bus);
  await waitUntil("it sleeps until then", () => naps[0] === 150);
  bus.clock.pass(150);
  wake();
  assert.equal((await waiting)[0]?.attempt, 2);
});

test("what falls due wakes the one who waits, though nobody rings", async () => {
  const { bus, naps, wake } = sleepy(await handBus());
  await put(bus, "a1");
  await nack(bus, (await takeOne(bus, "a1")).receipt, { delayMs: 150 });
  const waiting = claim(bus);
  await waitUntil("it sleeps until then", () => naps[0] === 150);
  bus.clock.pass(150);
  wake();
  assert.equal((await waiting).length, 1);
});

test("without a socket one looks by itself, and does not ask to be rung", async () => {
  const { bus, naps } = countingNaps(withoutSocket(await liveBus()));
  const waiting = claim(bus);
  await waitUntil("it sleeps", () => naps.length > 0);
  assert.deepEqual(await waitersOf(bus, "a1", "mail"), []);
  await put(bus, "a1");
  assert.equal((await waiting).length, 1);
  // Every 50 ms at first, and not every second as with a doorbell.
  assert.ok(naps[0]! <= 60, String(naps));
});

test("what goes before the claim is done in its transaction, and once only", async () => {
  const bus = await liveBus();
  for (const body of ["1", "2"]) await put(bus, "a1", body);
  const { receipt } = await takeOne(bus, "a1");
  let times = 0;
  // Whoever is told to stop settles, and claims nothing more.
  const over = { signal: AbortSignal.abort(), before: async () => void times++ };
  assert.deepEqual(await claim(bus, over), []);
  const before: ReceiveOptions["before"] = async (tx) => {
    times++;
    await ackTx(tx, bus.settings, receipt, { from: null, send: [draft("a1", "3")] });
  };
  assert.deepEqual(texts(await claim(bus, { max: 5, before })), ["2", "3"]);
  assert.deepEqual(await claim(bus, { waitMs: 100, before: async () => void times++ }), []);
  assert.equal(times, 3);
  assert.equal((await ack(bus, receipt)).already, true);
});

test("when what goes before the claim fails, nothing is claimed", async () => {
  const bus = await liveBus();
  await put(bus, "a1");
  const stale = claim(bus, {
    before: async (tx) => void (await ackTx(tx, bus.settings, "9.9.9", { from: null })),
  });
  await assert.rejects(stale, { code: "E_STALE" });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 1, leased: 0 });
});

test("with the address book closed one cannot wait at an inbox that is not there", async () => {
  const bus = await liveBus();
  await put(bus, "planner");
  await bus.store.write(closeAddressBook);
  await assert.rejects(claim(bus, { inbox: "planer" }), {
    code: "E_NOT_FOUND",
    hint: "Did you mean planner?",
  });
});

for (const [book, expected] of [
  ["open", "is made again, and what is sent to it arrives"],
  ["closed", "is not found any more"],
] as const)
  test(`with the address book ${book}, an inbox that vanishes while one waits ${expected}`, async () => {
    const { bus, wake } = sleepy(await liveBus());
    const waiting = claim(bus);
    await untilWaiting(bus, "a1", "mail");
    await bus.store.write(async (tx) => {
      await tx.run("delete from ledger");
      if (book === "closed") await closeAddressBook(tx);
    });
    if (book === "open") await put(bus, "a1");
    wake();
    if (book === "open") assert.equal((await waiting).length, 1);
    else await assert.rejects(waiting, { code: "E_NOT_FOUND", message: "there is no inbox a1" });
  });

test("a drain that begins while one waits ends the wait at once", async () => {
  const bus = onlyRings(await liveBus());
  const refused = assert.rejects(claim(bus), { code: "E_DRAINING" });
  await untilWaiting(bus, "a1", "mail");
  await bus.store.write((tx) => closeIntake(tx, bus.clock.tick() + 1_000));
  await refused;
});
