import assert from "node:assert/strict";
import { test } from "node:test";
import { retryAllDead, retryDead } from "../../src/bus/dead-retry.ts";
import { handBack } from "../../src/bus/hand-back.ts";
import { closeIntake } from "../../src/bus/intake.ts";
import { receive } from "../../src/bus/receive.ts";
import { onlyRings } from "../fixtures/bus/bus.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { ack, ledgerOf, nack, put, rowsOf, take, takeOne, texts } from "./verbs.ts";
import { untilWaiting } from "./waiting.ts";

const { handBus, liveBus } = tempBuses();

const retry = ({ store }: Pick<HandBus, "store">, ...ids: number[]) =>
  store.write((tx) => retryDead(tx, ids, "mum"));

/** Sends `bodies` to a1 and has each die of its only attempt: the receipts that were shown last. */
async function bury(bus: HandBus, ...bodies: string[]): Promise<string[]> {
  const receipts: string[] = [];
  for (const body of bodies) {
    await put(bus, "a1", body);
    const { receipt } = await takeOne(bus, "a1");
    await nack(bus, receipt);
    receipts.push(receipt);
  }
  return receipts;
}

const counts = ({ store }: HandBus) =>
  store.read((tx) =>
    tx.get<object>("select ready, bytes, sent, dead, purged from ledger where inbox = 'a1'"),
  );

test("a retry moves a dead letter to ready, and the ledger with it", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  await bury(bus, "one", "three");
  assert.deepEqual(await retry(bus, 2), [{ id: 2, messageId: 2, inbox: "a1" }]);
  assert.deepEqual(await counts(bus), { ready: 1, bytes: 5, sent: 2, dead: 1, purged: 0 });
  assert.deepEqual(texts(await take(bus, "a1")), ["three"]);
});

test("its attempts start anew, while those that failed stay on record", async () => {
  const bus = await handBus({ maxAttempts: 2 });
  await put(bus, "a1");
  const fail = async () => {
    const { receipt, attempt } = await takeOne(bus, "a1");
    await nack(bus, receipt, { delayMs: 0 });
    return attempt;
  };
  assert.deepEqual([await fail(), await fail()], [1, 2]);
  await retry(bus, 1);
  assert.deepEqual([await fail(), await fail()], [1, 2]);
  assert.equal(await rowsOf(bus, "dead_letters"), 1);
  const outcomes = await bus.store.read((tx) =>
    tx.all("select epoch, outcome, holder from attempts order by epoch"),
  );
  assert.deepEqual(outcomes, [
    { epoch: 1, outcome: "nacked", holder: "somebody" },
    { epoch: 2, outcome: "nacked", holder: "somebody" },
    { epoch: 3, outcome: "retried", holder: "mum" },
    { epoch: 4, outcome: "nacked", holder: "somebody" },
    { epoch: 5, outcome: "nacked", holder: "somebody" },
  ]);
});

test("no receipt of before is good again", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  const [old] = await bury(bus, "x");
  await retry(bus, 1);
  await assert.rejects(ack(bus, old!), { code: "E_STALE" });
  const { receipt } = await takeOne(bus, "a1");
  await assert.rejects(ack(bus, old!), { code: "E_STALE" });
  await ack(bus, receipt);
});

test("a full inbox takes it all the same", async () => {
  const bus = await handBus({ maxAttempts: 1, inboxCap: 1 });
  await bury(bus, "dead");
  await put(bus, "a1", "full");
  await retry(bus, 1);
  assert.equal((await ledgerOf(bus, "a1"))?.ready, 2);
  await assert.rejects(put(bus, "a1"), { code: "E_FULL" });
});

test("who waits for mail is woken, by the doorbell alone", async () => {
  const bus = onlyRings(await liveBus({ maxAttempts: 1 }));
  await bury(bus as never, "again");
  const claim = { inbox: "a1", holder: null, max: 1, leaseMs: 60_000 };
  const waiting = receive(bus, { ...claim, waitMs: 60_000 });
  await untilWaiting(bus, "a1", "mail");
  await retry(bus, 1);
  assert.deepEqual(texts(await waiting), ["again"]);
});

test("what cost its holder's life is claimed without company, what was refused is not", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  await put(bus, "a1", "killer");
  await takeOne(bus, "a1", { holder: "w1" });
  await bus.store.write((tx) => handBack(tx, bus.settings, "w1", "died", "killed"));
  await bury(bus, "refused");
  await retry(bus, 1, 2);
  await put(bus, "a1", "new");
  assert.deepEqual(texts(await take(bus, "a1")), ["killer"]);
  assert.deepEqual(texts(await take(bus, "a1")), ["refused", "new"]);
});

test("a request has the slot of its answer again, as long as anybody is there to get it", async () => {
  const bus = await handBus({ maxAttempts: 1, inboxCap: 1 });
  await put(bus, "a1", "?", { replyTo: "back" });
  await nack(bus, (await takeOne(bus, "a1")).receipt);
  await put(bus, "back", "full");
  await retry(bus, 1);
  assert.equal((await ledgerOf(bus, "back"))?.reserved, 1);
  await ack(bus, (await takeOne(bus, "a1")).receipt, { reply: "!" });
  assert.deepEqual(texts(await take(bus, "back")), ["full", "!"]);

  await put(bus, "a1", "?", { replyTo: "gone" });
  await nack(bus, (await takeOne(bus, "a1")).receipt);
  await bus.store.write((tx) => tx.run("delete from ledger where inbox = 'gone'"));
  await retry(bus, 4);
  const { receipt } = await takeOne(bus, "a1");
  await assert.rejects(ack(bus, receipt, { reply: "!" }), { code: "E_NOT_FOUND" });
  await ack(bus, receipt);
});

test("several are retried or none: one that is not dead, or whose inbox is gone, refuses all", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  await bury(bus, "x");
  await put(bus, "a2");
  await nack(bus, (await takeOne(bus, "a2")).receipt);
  await assert.rejects(retry(bus, 1, 3), { code: "E_NOT_FOUND" });
  await bus.store.write((tx) => tx.run("delete from ledger where inbox = 'a2'"));
  await assert.rejects(retry(bus, 1, 2), {
    code: "E_NOT_FOUND",
    message: "dead letter 2 has nowhere to go: its inbox is gone",
  });
  assert.equal(await rowsOf(bus, "dead_letters"), 2);
  await retry(bus, 1, 1);
  assert.equal(await rowsOf(bus, "deliveries"), 1);
  await bus.store.write((tx) => tx.run("delete from dead_letters where inbox = 'a2'"));
});

test("all of an inbox are retried, however many, and those of no inbox are left", async () => {
  const bus = await handBus({ maxAttempts: 1, inboxCap: 10_000 });
  await bus.store.write(async (tx) => {
    for (const inbox of ["a1", "a2", "gone"])
      await tx.run("insert into ledger (inbox, created_at) values ($inbox, 0)", { inbox });
  });
  for (let n = 0; n < 1_201; n++) await put(bus, n % 3 === 2 ? "a2" : n === 0 ? "gone" : "a1", "x");
  for (const inbox of ["a1", "a2", "gone"])
    for (const { receipt } of await take(bus, inbox, { max: 2_000 })) await nack(bus, receipt);
  await bus.store.write((tx) => tx.run("delete from ledger where inbox = 'gone'"));
  const all = (inbox?: string) => retryAllDead(bus, inbox, { by: null });
  assert.equal(await all("a2"), 400);
  assert.equal(await all(), 800);
  assert.equal(await all(), 0);
  assert.equal(await rowsOf(bus, "dead_letters"), 1);
  await assert.rejects(all("a9"), { code: "E_NOT_FOUND" });
  await bus.store.write((tx) => tx.run("delete from dead_letters"));
});

test("nothing is retried while the bus takes nothing", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  await bury(bus, "x");
  await bus.store.write((tx) => closeIntake(tx, bus.clock.tick() + 1_000));
  await assert.rejects(retry(bus, 1), { code: "E_DRAINING" });
  assert.deepEqual(await counts(bus), { ready: 0, bytes: 0, sent: 1, dead: 1, purged: 0 });
});

test("a drain that begins when some were retried refuses the others, and none where there are none", async () => {
  for (const [letters, retried] of [
    [3, 3],
    [501, undefined],
  ] as const) {
    const bus = await handBus({ maxAttempts: 1, inboxCap: 10_000 });
    await bury(bus, ...Array.from({ length: letters }, () => "x"));
    const store: HandBus["store"] = {
      ...bus.store,
      async write(fn, options) {
        const done = await bus.store.write(fn, options);
        await bus.store.write((tx) => closeIntake(tx, bus.clock.tick() + 1_000));
        return done;
      },
    };
    const retrying = retryAllDead({ store }, "a1", { by: null });
    if (retried !== undefined) assert.equal(await retrying, retried);
    else
      await assert.rejects(retrying, {
        code: "E_DRAINING",
        message: /; 500 dead letters were retried before$/,
      });
  }
});
