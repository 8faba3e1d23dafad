import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Want,
  forgetWaiter,
  pauseWaiting,
  ringAll,
  ringEach,
  ringOne,
  startWaiting,
  stopWaiting,
} from "../../src/bus/waiters.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { put } from "./verbs.ts";
import { deadProcess, livingProcesses, waitersOf } from "./waiting.ts";

const { handBus } = tempBuses();
const living = livingProcesses();

const begin = (bus: HandBus, pid: number, inbox = "a1", wants: Want = "mail", port = pid) =>
  bus.store.write((tx) =>
    startWaiting(tx, inbox, wants, { pid, startTime: 1, port, nonce: pid * 2 }),
  );

/** Rings one who waits: the ports that were rung. */
async function ringed(bus: HandBus, inbox = "a1", wants: Want = "mail"): Promise<number[]> {
  const ports: number[] = [];
  await bus.store.write((tx) => ringOne(tx, inbox, wants, (port) => ports.push(port)));
  return ports;
}

/** Rings one who waits at each of `inboxes`: the ports that were rung. */
async function ringedEach(bus: HandBus, inboxes: string[]): Promise<number[]> {
  const ports: number[] = [];
  await bus.store.write((tx) => ringEach(tx, inboxes, "mail", (port) => ports.push(port)));
  return ports;
}

test("the one who waits longest is rung, then the next, then nobody", async () => {
  const bus = await handBus();
  const pids = [living(), living()];
  for (const pid of pids) await begin(bus, pid);
  assert.deepEqual(
    [await ringed(bus), await ringed(bus), await ringed(bus)],
    [[pids[0]], [pids[1]], []],
  );
});

test("with nobody waiting nobody is rung", async () => {
  const bus = await handBus();
  assert.deepEqual(await ringed(bus), []);
});

test("only those who wait for the same thing at the same inbox are rung", async () => {
  const bus = await handBus();
  const pid = living();
  await begin(bus, pid, "a1", "room");
  await begin(bus, pid, "a2", "mail");
  assert.deepEqual(await ringed(bus, "a1", "mail"), []);
  assert.deepEqual(await ringed(bus, "a1", "room"), [pid]);
  assert.deepEqual(await ringed(bus, "a2", "mail"), [pid]);
});

test("the ring goes to the port with the nonce, once the transaction is committed and not before", async () => {
  const bus = await handBus();
  const pid = living();
  await begin(bus, pid, "a1", "mail", 4321);
  const rings: number[][] = [];
  const work = (fail: boolean) =>
    bus.store.write(async (tx) => {
      await ringOne(tx, "a1", "mail", (...ring) => rings.push(ring));
      assert.deepEqual(rings, []);
      if (fail) throw new Error("undone");
    });
  await assert.rejects(work(true), { message: "undone" });
  assert.deepEqual(rings, []);
  await work(false);
  assert.deepEqual(rings, [[4321, pid * 2]]);
});

test("whoever has died is skipped and forgotten, and the next one is rung", async () => {
  const bus = await handBus();
  const [dead, alive] = [deadProcess(), living()];
  for (const pid of [dead, alive]) await begin(bus, pid);
  assert.deepEqual(await ringed(bus), [alive]);
  assert.deepEqual(
    (await waitersOf(bus, "a1", "mail")).map(({ pid }) => pid),
    [alive],
  );
});

test("whoever has no socket is not rung in place of somebody who has one", async () => {
  const bus = await handBus();
  const [silent, heard] = [living(), living()];
  await bus.store.write((tx) =>
    startWaiting(tx, "a1", "mail", { pid: silent, startTime: 1, port: null, nonce: 0 }),
  );
  await begin(bus, heard);
  assert.deepEqual(await ringed(bus), [heard]);
});

test("whoever was rung and waits again keeps its place in the line", async () => {
  const bus = await handBus();
  const [first, second] = [living(), living()];
  for (const pid of [first, second]) await begin(bus, pid);
  assert.deepEqual(await ringed(bus), [first]);
  await begin(bus, first);
  assert.deepEqual(await ringed(bus), [first]);
});

test("a process that waits again is rung where it listens now", async () => {
  const bus = await handBus();
  const pid = living();
  await begin(bus, pid, "a1", "mail", 1111);
  await begin(bus, pid, "a1", "mail", 2222);
  assert.deepEqual([await ringed(bus), await ringed(bus)], [[2222], []]);
});

test("whoever pauses or stops is not rung, and its other waits go on", async () => {
  const bus = await handBus();
  const pid = living();
  for (const inbox of ["a1", "a2", "a3"]) await begin(bus, pid, inbox);
  await bus.store.write((tx) => pauseWaiting(tx, "a1", "mail", { pid }));
  await bus.store.write((tx) => stopWaiting(tx, "a2", "mail", { pid }));
  assert.deepEqual(
    [await ringed(bus, "a1"), await ringed(bus, "a2"), await ringed(bus, "a3")],
    [[], [], [pid]],
  );
  assert.deepEqual(await waitersOf(bus, "a2", "mail"), []);
});

test("of two agents that share a process each waits for itself, and one that pauses leaves the other waiting", async () => {
  const bus = await handBus();
  const pid = living();
  for (const slot of [1, 2])
    await bus.store.write((tx) =>
      startWaiting(tx, "a1", "mail", { pid, slot, startTime: 1, port: slot, nonce: slot }),
    );
  await bus.store.write((tx) => pauseWaiting(tx, "a1", "mail", { pid, slot: 1 }));
  assert.deepEqual([await ringed(bus), await ringed(bus)], [[2], []]);
  await bus.store.write((tx) => stopWaiting(tx, "a1", "mail", { pid, slot: 2 }));
  assert.equal((await waitersOf(bus, "a1", "mail")).length, 1);
});

test("a process can be forgotten with all its waits", async () => {
  const bus = await handBus();
  const [gone, other] = [living(), living()];
  await begin(bus, gone, "a1", "mail");
  await begin(bus, gone, "a2", "room");
  await begin(bus, other, "a1", "mail");
  await bus.store.write((tx) => forgetWaiter(tx, gone));
  assert.deepEqual(await ringed(bus, "a1", "mail"), [other]);
  assert.deepEqual(await ringed(bus, "a2", "room"), []);
});

test("all who wait for anything can be rung at once, each process once", async () => {
  const bus = await handBus();
  const [one, other, busy] = [living(), living(), living()];
  await begin(bus, one, "a1", "mail");
  await begin(bus, one, "a2", "room");
  await begin(bus, other, "a2", "mail");
  await begin(bus, busy, "a1", "mail");
  await bus.store.write((tx) => pauseWaiting(tx, "a1", "mail", { pid: busy }));
  const ports: number[] = [];
  await bus.store.write((tx) => ringAll(tx, (port) => ports.push(port)));
  assert.deepEqual(ports.toSorted(), [one, other].toSorted());
});

test("one who waits at each of several inboxes is rung, the longest waiting, and nobody where nobody waits", async () => {
  const bus = await handBus();
  const [first, second, other] = [living(), living(), living()];
  for (const pid of [first, second]) await begin(bus, pid, "a1");
  await begin(bus, other, "a2");
  await begin(bus, living(), "a3");
  assert.deepEqual(await ringedEach(bus, ["a1", "a2", "a4"]), [first, other]);
  assert.deepEqual(await ringedEach(bus, ["a1", "a2", "a4"]), [second]);
});

test("a process that waits at several inboxes is rung once for all of them", async () => {
  const bus = await handBus();
  const pid = living();
  for (const inbox of ["a1", "a2"]) await begin(bus, pid, inbox);
  assert.deepEqual(await ringedEach(bus, ["a1", "a2"]), [pid]);
  assert.deepEqual(await ringedEach(bus, ["a1", "a2"]), []);
});

test("where the longest waiting has died the next one is rung in its place", async () => {
  const bus = await handBus();
  const [alive, other] = [living(), living()];
  for (const pid of [deadProcess(), deadProcess(), alive]) await begin(bus, pid, "a1");
  await begin(bus, other, "a2");
  assert.deepEqual(
    (await ringedEach(bus, ["a1", "a2"])).toSorted((a, b) => a - b),
    [alive, other].toSorted((a, b) => a - b),
  );
  assert.equal((await waitersOf(bus, "a1", "mail")).length, 1);
});

test("people see in the view how many wait", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  await begin(bus, living(), "a1", "mail");
  await begin(bus, living(), "a1", "room");
  await begin(bus, living(), "a1", "room");
  const row = await bus.store.read((tx) =>
    tx.get("select waiting_receivers as mail, waiting_senders as room from inboxes"),
  );
  assert.deepEqual(row, { mail: 1, room: 2 });
});
