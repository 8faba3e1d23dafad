import assert from "node:assert/strict";
import { test } from "node:test";
import { dropAllDead, dropDead } from "../../src/bus/dead-drop.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { nack, put, rowsOf, take, takeOne } from "./verbs.ts";

const { handBus } = tempBuses();

const drop = ({ store }: HandBus, ...ids: number[]) =>
  store.write((tx) => dropDead(tx, ids, "mum"));

async function bury(bus: HandBus, inbox: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await put(bus, inbox);
  for (const { receipt } of await take(bus, inbox, { max: 2_000 })) await nack(bus, receipt);
}

test("a dropped letter ends as purged, with the name of who did it", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  await bury(bus, "a1", 2);
  bus.clock.pass(5);
  assert.deepEqual(await drop(bus, 1), [{ id: 1, messageId: 1, inbox: "a1" }]);
  const row = await bus.store.read((tx) => tx.get("select * from history"));
  assert.deepEqual(row, {
    delivery_id: 1,
    message_id: 1,
    inbox: "a1",
    outcome: "purged",
    attempt: 1,
    epoch: 1,
    nonce: null,
    holder: "mum",
    claimed_at: null,
    ended_at: bus.clock.now(),
  });
  const sums = await bus.store.read((tx) => tx.get("select sent, dead, purged from ledger"));
  assert.deepEqual(sums, { sent: 2, dead: 1, purged: 1 });
});

test("several are dropped or none", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  await bury(bus, "a1", 2);
  await put(bus, "a1");
  await takeOne(bus, "a1");
  await assert.rejects(drop(bus, 1, 3), { code: "E_NOT_FOUND" });
  assert.equal(await rowsOf(bus, "dead_letters"), 2);
  await drop(bus, 2, 1, 2);
  assert.equal(await rowsOf(bus, "dead_letters"), 0);
  await assert.rejects(drop(bus, 1), { code: "E_NOT_FOUND" });
});

test("all are dropped, of one inbox or of all, however many", async () => {
  const bus = await handBus({ maxAttempts: 1, inboxCap: 10_000 });
  await bury(bus, "a1", 3);
  await bury(bus, "a2", 1_001);
  const all = (inbox?: string) => dropAllDead(bus, inbox, { by: null });
  assert.equal(await all("a1"), 3);
  assert.equal(await all(), 1_001);
  assert.equal(await all(), 0);
  await assert.rejects(all("a9"), { code: "E_NOT_FOUND" });
});

test("dropping all stops between two transactions when it is told to", async () => {
  const bus = await handBus({ maxAttempts: 1, inboxCap: 10_000 });
  await bury(bus, "a1", 3);
  assert.equal(await dropAllDead(bus, "a1", { by: null, signal: AbortSignal.abort() }), 0);
  assert.equal(await rowsOf(bus, "dead_letters"), 3);
});

test("what died in an inbox that is gone can be dropped by its name, and then there is no such inbox", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  await bury(bus, "a1", 2);
  await bus.store.write((tx) => tx.run("delete from ledger where inbox = 'a1'"));
  assert.equal(await dropAllDead(bus, "a1", { by: null }), 2);
  await assert.rejects(dropAllDead(bus, "a1", { by: null }), { code: "E_NOT_FOUND" });
});
