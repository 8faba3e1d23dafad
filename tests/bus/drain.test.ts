import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { type DrainOptions, drain, drainStatus, parkOverdue } from "../../src/bus/drain.ts";
import { closeIntake, findDrain } from "../../src/bus/intake.ts";
import { openBus } from "../../src/bus/open.ts";
import { receive } from "../../src/bus/receive.ts";
import { resumeTx } from "../../src/bus/resume.ts";
import { send } from "../../src/bus/send.ts";
import { ackTx } from "../../src/bus/settle.ts";
import { SkepError } from "../../src/core/errors.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { ack, draft, extend, ledgerOf, nack, put, rowsOf, take, takeOne } from "./verbs.ts";
import { onlyRings } from "../fixtures/bus/bus.ts";
import { untilWaiting } from "./waiting.ts";

const { handBus, liveBus } = tempBuses();

const start = (bus: Bus, options: Partial<DrainOptions> = {}) =>
  drain(bus, { usualMs: 60_000, ...options });
const statusOf = ({ store }: Bus) => store.read(drainStatus);
const begun = (bus: Bus) =>
  waitUntil("it has begun", async () => (await statusOf(bus)) !== undefined);

/** A drain whose drainer was killed as soon as its row was committed. */
async function orphan(bus: Bus, timeoutMs: number): Promise<void> {
  const killed = new AbortController();
  const drained = start(bus, { timeoutMs, signal: killed.signal });
  drained.catch(() => {});
  await begun(bus);
  killed.abort();
  await assert.rejects(drained, { code: "E_BUSY", hint: /next command parks/ });
}

/** Three deliveries in a1: one that is ready, and two that are held. */
async function heldBus<B extends Bus>(bus: B): Promise<{ bus: B; receipts: string[] }> {
  for (let n = 0; n < 3; n++) await put(bus, "a1");
  const receipts = (await take(bus, "a1", { max: 2 })).map(({ receipt }) => receipt);
  return { bus, receipts };
}

test("with nothing held everything is parked at once, and the sum is told", async () => {
  const bus = await handBus();
  for (let n = 0; n < 3; n++) await put(bus, "a1");
  await ack(bus, (await takeOne(bus, "a1")).receipt);
  await nack(bus, (await takeOne(bus, "a1")).receipt, { delayMs: 5_000 });
  assert.deepEqual(await start(bus), {
    parked: 2,
    returned: 0,
    settled: 0,
    ms: 0,
    conservation: { in: 3, live: 2, ended: 1, holds: true },
  });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 0, delayed: 0, parked: 2 });
});

test("an empty bus is drained too, and stays closed", async () => {
  const bus = await handBus();
  const nothing = { in: 0, live: 0, ended: 0, holds: true };
  const summary = { parked: 0, returned: 0, settled: 0, ms: 0, conservation: nothing };
  assert.deepEqual(await start(bus), summary);
  await assert.rejects(put(bus, "a1"), { code: "E_DRAINING", hint: /skep resume/ });
});

test("it waits for those who hold something, and parks as soon as the last one has settled", async () => {
  const { bus, receipts } = await heldBus(await liveBus());
  const seen: number[] = [];
  const drained = start(bus, { onProgress: (left) => seen.push(left) });
  await waitUntil("it waits", () => seen.length > 0);
  await ack(bus, receipts[0]!);
  assert.equal((await ledgerOf(bus, "a1"))?.parked, 0);
  await nack(bus, receipts[1]!, { delayMs: 60_000 });
  assert.partialDeepStrictEqual(await drained, { parked: 2, returned: 0, settled: 2 });
  assert.equal(seen[0], 2);
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { delayed: 0, leased: 0, parked: 2 });
});

test("at the deadline the leases are taken back, and no attempt is spent", async () => {
  const { bus, receipts } = await heldBus(await liveBus({ maxAttempts: 1 }));
  assert.partialDeepStrictEqual(await start(bus, { timeoutMs: 120 }), {
    parked: 3,
    returned: 2,
    settled: 0,
  });
  for (const receipt of receipts)
    await assert.rejects(ack(bus, receipt), { code: "E_STALE", message: /parked now/ });
  await bus.store.write(resumeTx);
  assert.deepEqual(
    (await take(bus, "a1")).map(({ id, attempt }) => [id, attempt]),
    [
      [1, 1],
      [2, 1],
      [3, 1],
    ],
  );
  const reasons = await bus.store.read((tx) => tx.all("select outcome, reason from attempts"));
  const returned = { outcome: "returned", reason: "the bus was drained" };
  assert.deepEqual(reasons, [returned, returned]);
});

test("nobody is waited for whose lease has run out", async () => {
  const bus = await liveBus();
  await put(bus, "a1");
  await take(bus, "a1", { leaseMs: 80 });
  assert.partialDeepStrictEqual(await start(bus), { parked: 1, returned: 1 });
});

test("an owner may extend its lease, but not beyond the deadline", async () => {
  const { bus, receipts } = await heldBus(await handBus());
  await orphan(bus, 1_000);
  await extend(bus, receipts[0]!, 1_000_000);
  bus.clock.pass(1_000);
  await parkOverdue(bus);
  await assert.rejects(ack(bus, receipts[0]!), { code: "E_STALE" });
});

test("a second drain joins the first: with the deadline as it is, or with its own", async () => {
  const { bus, receipts } = await heldBus(await liveBus());
  const first = start(bus, { timeoutMs: 60_000 });
  await begun(bus);
  const { startedAt, deadlineTick } = (await bus.store.read(findDrain))!;
  const second = start(bus, { usualMs: 0 });
  await ack(bus, receipts[0]!);
  assert.partialDeepStrictEqual(await bus.store.read(findDrain), { deadlineTick, parkedAt: null });
  const third = start(bus, { timeoutMs: 0 });
  const [one, ...others] = await Promise.all([first, second, third]);
  assert.partialDeepStrictEqual(one, { parked: 2, returned: 1, settled: 1 });
  for (const other of others) assert.deepEqual(other, one);
  assert.equal((await statusOf(bus))?.startedAt, startedAt);
  assert.deepEqual(await start(bus, { timeoutMs: 1_000 }), one);
});

test("a drain may be given more time", async () => {
  const { bus, receipts } = await heldBus(await handBus());
  await orphan(bus, 1_000);
  bus.clock.pass(500);
  await orphan(bus, 1_000);
  bus.clock.pass(999);
  await parkOverdue(bus);
  await ack(bus, receipts[0]!);
  bus.clock.pass(1);
  await parkOverdue(bus);
  await assert.rejects(ack(bus, receipts[1]!), { code: "E_STALE" });
});

test("resume before the deadline ends the drain, and tells the drainer", async () => {
  const { bus, receipts } = await heldBus(await liveBus());
  const drained = assert.rejects(start(bus), { code: "E_FAILED", message: /skep resume/ });
  await begun(bus);
  assert.deepEqual(await bus.store.write(resumeTx), { resumed: 0, already: false });
  await drained;
  await ack(bus, receipts[0]!);
  assert.equal((await take(bus, "a1")).length, 1);
});

test("a drain after a resume is another one, which the first drainer does not take for its own", async () => {
  const { bus } = await heldBus(await liveBus());
  const drained = assert.rejects(start(bus), { code: "E_FAILED" });
  await begun(bus);
  await bus.store.write(async (tx) => {
    await resumeTx(tx);
    await closeIntake(tx, tx.tick, "drain");
  });
  await drained;
  assert.equal((await statusOf(bus))?.parkedAt, null);
});

test("receivers and senders that wait hear of it at once", async () => {
  const bus = onlyRings(await liveBus({ inboxCap: 1 }));
  await put(bus, "full");
  const waiting = [
    receive(bus, { inbox: "a1", holder: null, max: 1, leaseMs: 1_000, waitMs: 60_000 }),
    send(bus, draft("full"), { from: null, onFull: "wait", timeoutMs: 60_000 }),
  ].map((each) => assert.rejects(each, { code: "E_DRAINING", hint: /skep resume/ }));
  await untilWaiting(bus, "a1", "mail");
  await untilWaiting(bus, "full", "room");
  await start(bus);
  await Promise.all(waiting);
  assert.equal(await rowsOf(bus, "waiters"), 0);
});

test("status tells since when, until when, and for how many leases; then what was parked", async () => {
  const { bus } = await heldBus(await handBus());
  assert.equal(await statusOf(bus), undefined);
  await orphan(bus, 1_000);
  const startedAt = bus.clock.now();
  const found = { startedAt, until: startedAt + 1_000, left: 2 };
  assert.deepEqual(await statusOf(bus), { ...found, parkedAt: null, parked: null, returned: null });
  // The wall clock is set, and the drain ends when it would have.
  bus.clock.stepWall(3_600_000);
  assert.equal((await statusOf(bus))?.until, startedAt + 3_601_000);
  bus.clock.pass(1_000);
  await parkOverdue(bus);
  const parked = { parkedAt: bus.clock.now(), parked: 3, returned: 2, left: 0 };
  assert.partialDeepStrictEqual(await statusOf(bus), parked);
});

// Whoever comes first after the deadline of a drainer that was killed.
const comers: Record<string, (bus: HandBus, receipt: string) => Promise<unknown>> = {
  "a command that only opens the bus": async ({ store, clock, settings }) =>
    (await openBus(store, clock, settings)).doorbell.close(),
  "a claim": (bus) =>
    assert.rejects(receive(bus, { inbox: "a1", holder: null, max: 1, leaseMs: 1_000, waitMs: 0 }), {
      code: "E_DRAINING",
    }),
  "a claim from an inbox that is not there": (bus) =>
    assert.rejects(
      receive(bus, { inbox: "a2", holder: null, max: 1, leaseMs: 1_000, waitMs: 60_000 }),
      { code: "E_DRAINING" },
    ),
  "a send": (bus) => assert.rejects(put(bus, "a1"), { code: "E_DRAINING" }),
  "another drain": (bus) => start(bus),
  "a host that settles and claims": (bus, receipt) =>
    assert.rejects(
      receive(bus, {
        inbox: "a1",
        holder: null,
        max: 1,
        leaseMs: 1_000,
        waitMs: 0,
        before: async (tx) => void (await ackTx(tx, bus.settings, receipt, { from: null })),
      }),
      { code: "E_DRAINING" },
    ),
};

for (const [comer, comes] of Object.entries(comers))
  test(`after the deadline of a killed drainer ${comer} parks what is left, once`, async () => {
    const { bus, receipts } = await heldBus(await handBus());
    await orphan(bus, 1_000);
    bus.clock.pass(999);
    if (comer !== "another drain" && !comer.startsWith("a host")) {
      await comes(bus, receipts[0]!);
      assert.equal((await statusOf(bus))?.parkedAt, null);
    }
    bus.clock.pass(1);
    await comes(bus, receipts[0]!);
    const settled = comer.startsWith("a host") ? 1 : 0;
    const parked = { parkedAt: bus.clock.now(), parked: 3 - settled, returned: 2 - settled };
    assert.partialDeepStrictEqual(await statusOf(bus), parked);
    await assert.rejects(ack(bus, receipts[1]!), { code: "E_STALE" });
    bus.clock.pass(1_000);
    if (!comer.startsWith("a host")) await comes(bus, receipts[1]!);
    assert.partialDeepStrictEqual(await statusOf(bus), parked);
  });

test("a new boot in the middle of a drain ends its waiting, whatever its deadline says", async () => {
  const { bus, receipts } = await heldBus(await handBus({ maxAttempts: 1 }));
  await orphan(bus, 1_000_000);
  bus.clock.boot += " again";
  bus.clock.pass(-4_900_000);
  (await openBus(bus.store, bus.clock, bus.settings)).doorbell.close();
  assert.partialDeepStrictEqual(await statusOf(bus), { parked: 3, returned: 2, left: 0 });
  await assert.rejects(ack(bus, receipts[0]!), { code: "E_STALE" });
  await assert.rejects(put(bus, "a1"), { code: "E_DRAINING" });
  await bus.store.write(resumeTx);
  assert.deepEqual(
    (await take(bus, "a1")).map(({ attempt }) => attempt),
    [1, 1, 1],
  );
});

test("a database that cannot be written to now is parked by whoever comes next", async () => {
  const { bus } = await heldBus(await handBus());
  await orphan(bus, 1_000);
  bus.clock.pass(1_000);
  const locked = async () => Promise.reject(new SkepError("E_BUSY", "somebody writes"));
  await parkOverdue({ ...bus, store: { ...bus.store, write: locked } });
  assert.equal((await bus.store.read(findDrain))?.parkedAt, null);
  await parkOverdue(bus);
  assert.equal((await bus.store.read(findDrain))?.parked, 3);
});

test("a stop that is overdue is left to its supervisor", async () => {
  const { bus, receipts } = await heldBus(await handBus());
  await bus.store.write((tx) => closeIntake(tx, tx.tick + 10));
  bus.clock.pass(10);
  await parkOverdue(bus);
  assert.equal(await statusOf(bus), undefined);
  assert.equal((await ack(bus, receipts[0]!)).id, 1);
});
