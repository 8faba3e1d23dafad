import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { findGone, forgetGone } from "../../src/bus/gone-waiters.ts";
import { startWaiting } from "../../src/bus/waiters.ts";
import { ownIdentity, processState } from "../../src/core/identity.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { rowsOf } from "./verbs.ts";
import { deadProcess, livingProcesses } from "./waiting.ts";

const { handBus } = tempBuses();
const living = livingProcesses();

async function wait(bus: Bus, inbox: string, pid: number, startTime: number): Promise<void> {
  const waiter = { pid, startTime, port: 9, nonce: 1 };
  await bus.store.write((tx) => startWaiting(tx, inbox, "mail", waiter));
}

async function forget(bus: Bus, random: number): Promise<number> {
  const gone = await bus.store.read((tx) => findGone(tx, random));
  await bus.store.write((tx) => forgetGone(tx, gone));
  return gone.length;
}

test("where nobody waits nobody is gone", async () => {
  assert.equal(await forget(await handBus(), 0.5), 0);
});

for (const random of [0, 0.5, 0.999])
  test(`whoever was killed while it waited is forgotten, from wherever one begins to look (${random})`, async () => {
    const bus = await handBus();
    const dead = deadProcess();
    for (let n = 0; n < 10; n++) await wait(bus, `a${n}`, n % 2 === 0 ? dead : process.pid, 0);
    assert.equal(await forget(bus, random), 5);
    assert.equal(await rowsOf(bus, "waiters"), 5);
    assert.equal(await forget(bus, random), 0);
  });

test("another process with the same id is not the one that waited", async () => {
  const bus = await handBus();
  const pid = living();
  const { startTime } = ownIdentity();
  const theirs = processState(pid)?.startTime ?? 0;
  await wait(bus, "a1", process.pid, startTime);
  await wait(bus, "a2", pid, theirs);
  await wait(bus, "a3", pid, theirs === 0 ? 0 : theirs - 1);
  assert.equal(await forget(bus, 0), theirs === 0 ? 0 : 1);
});

test("a row that somebody else has taken over meanwhile stays", async () => {
  const bus = await handBus();
  await wait(bus, "a1", deadProcess(), 7);
  const gone = await bus.store.read((tx) => findGone(tx, 0));
  await bus.store.write((tx) => tx.run("update waiters set start_time = 8"));
  await bus.store.write((tx) => forgetGone(tx, gone));
  assert.equal(await rowsOf(bus, "waiters"), 1);
});

test("of those who are killed while nothing is sent no more than a few dozen rows are left", async () => {
  const bus = await handBus();
  const dead = deadProcess();
  for (let n = 0; n < 500; n++) await wait(bus, `a${n}`, dead, 0);
  assert.ok((await rowsOf(bus, "waiters")) <= 64, `${await rowsOf(bus, "waiters")}`);
});
