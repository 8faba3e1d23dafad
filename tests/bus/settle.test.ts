import assert from "node:assert/strict";
import { test } from "node:test";
import { closeAddressBook } from "../../src/bus/ledger.ts";
import { handBack } from "../../src/bus/hand-back.ts";
import { sweep } from "../../src/bus/sweep.ts";
import { trace } from "../../src/bus/trace.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { ack, draft, extend, ledgerOf, nack, put, rowsOf, take, takeOne, texts } from "./verbs.ts";

const { handBus } = tempBuses();

const settlers: [string, (bus: HandBus, receipt: string) => Promise<unknown>][] = [
  ["ack", ack],
  ["nack", nack],
  ["extend", extend],
];

const stateOf = async (bus: HandBus, id: number) =>
  (await bus.store.read((tx) => trace(tx, id))).deliveries[0]!.state;

test("an ack ends a delivery for good", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  const { receipt } = await takeOne(bus, "a1");
  assert.deepEqual(await ack(bus, receipt), { receipt, id: 1 });
  bus.clock.pass(1_000_000);
  assert.deepEqual(await take(bus, "a1"), []);
  assert.equal(await stateOf(bus, 1), "acked");
});

test("an accepted ack can be repeated; it does nothing again and says so", async () => {
  const bus = await handBus();
  await put(bus, "a1", "?", { from: "a2" });
  const { receipt } = await takeOne(bus, "a1");
  const first = await ack(bus, receipt, { reply: "!", send: [draft("a3")] });
  assert.partialDeepStrictEqual(first, { id: 1, reply: { id: 2, to: "a2" }, sent: [{ id: 3 }] });
  assert.deepEqual(await ack(bus, receipt, { reply: "!", send: [draft("a3")] }), {
    receipt,
    id: 1,
    already: true,
  });
  assert.equal(await rowsOf(bus, "messages"), 3);
});

for (const [verb, settle] of settlers) {
  test(`${verb} with the receipt of an earlier claim is stale, and the new holder keeps its lease`, async () => {
    const bus = await handBus();
    await put(bus, "a1");
    const slow = await takeOne(bus, "a1", { holder: "slow", leaseMs: 1_000 });
    bus.clock.pass(1_000);
    const quick = await takeOne(bus, "a1", { holder: "quick" });
    await assert.rejects(settle(bus, slow.receipt), {
      code: "E_STALE",
      message: `receipt ${slow.receipt} is stale: its delivery is claimed again by quick`,
      hint: /drop it/,
    });
    assert.deepEqual(await ack(bus, quick.receipt), { receipt: quick.receipt, id: 1 });
    await assert.rejects(settle(bus, slow.receipt), { code: "E_STALE", message: /acked by quick/ });
  });

  test(`${verb} after a nack is stale`, async () => {
    const bus = await handBus();
    await put(bus, "a1");
    const { receipt } = await takeOne(bus, "a1");
    await nack(bus, receipt, { delayMs: 5 });
    await assert.rejects(settle(bus, receipt), { code: "E_STALE", message: /is delayed now/ });
    assert.equal(await stateOf(bus, 1), "delayed");
  });

  test(`${verb} of what was taken back from a dead holder is stale`, async () => {
    const bus = await handBus();
    await put(bus, "a1");
    const { receipt } = await takeOne(bus, "a1", { holder: "w1" });
    await bus.store.write((tx) => handBack(tx, bus.settings, "w1", "died", "killed"));
    await assert.rejects(settle(bus, receipt), { code: "E_STALE", message: /is ready now/ });
  });

  test(`${verb} of a dead letter is stale`, async () => {
    const bus = await handBus({ maxAttempts: 1 });
    await put(bus, "a1");
    const { receipt } = await takeOne(bus, "a1");
    await nack(bus, receipt);
    await assert.rejects(settle(bus, receipt), { code: "E_STALE", message: /is dead now/ });
  });

  test(`${verb} with a receipt of another bus is refused as such`, async () => {
    const [bus, other] = [await handBus(), await handBus()];
    for (const one of [bus, other]) await put(one, "a1");
    const [mine, foreign] = [await takeOne(bus, "a1"), await takeOne(other, "a1")];
    const settling = settle(bus, foreign.receipt);
    await assert.rejects(settling, { code: "E_STALE", message: /was not given out by this bus/ });
    for (const unknown of ["99.1.5", "1.2.5", "1.1.5"])
      await assert.rejects(settle(bus, unknown), {
        code: "E_STALE",
        message: /was not given out by this bus/,
        hint: /--home/,
      });
    assert.deepEqual(await ack(bus, mine.receipt), { receipt: mine.receipt, id: 1 });
  });

  test(`${verb} with what is no receipt is a usage error`, async () => {
    const bus = await handBus();
    await assert.rejects(settle(bus, "17"), { code: "E_USAGE", message: '"17" is not a receipt' });
  });

  test(`${verb} with a guessed nonce does not settle somebody's delivery`, async () => {
    const bus = await handBus();
    await put(bus, "a1");
    const { receipt } = await takeOne(bus, "a1");
    const [id, epoch, nonce] = receipt.split(".").map(Number);
    const guess = `${id}.${epoch}.${(nonce! + 1) % 2 ** 32}`;
    await assert.rejects(settle(bus, guess), { code: "E_STALE" });
    assert.equal(await stateOf(bus, 1), "leased");
  });
}

test("a slow holder may still ack what ran out, as long as nobody else has claimed it", async () => {
  const bus = await handBus();
  for (const body of ["swept", "not swept"]) await put(bus, "a1", body);
  const [swept, unswept] = await take(bus, "a1", { leaseMs: 1_000 });
  bus.clock.pass(1_000);
  assert.deepEqual(await ack(bus, unswept!.receipt), { receipt: unswept!.receipt, id: 2 });
  await bus.store.write((tx) => sweep(tx, bus.settings, "a1"));
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 1, leased: 0 });
  assert.deepEqual(await ack(bus, swept!.receipt), { receipt: swept!.receipt, id: 1 });
  assert.deepEqual(await ack(bus, swept!.receipt), {
    receipt: swept!.receipt,
    id: 1,
    already: true,
  });
  assert.deepEqual(await take(bus, "a1"), []);
});

test("an ack, its reply and its sends are committed together", async () => {
  const bus = await handBus();
  await put(bus, "a1", "?", { from: "a2", replyTo: "a2" });
  const { receipt } = await takeOne(bus, "a1", { holder: "w1" });
  const send = [draft("next", "one"), draft("next", "two")];
  assert.deepEqual(await ack(bus, receipt, { reply: "!", send, from: "w1" }), {
    receipt,
    id: 1,
    reply: { id: 2, to: "a2" },
    sent: [
      { id: 3, to: "next", created: true },
      { id: 4, to: "next" },
    ],
  });
  assert.deepEqual(texts(await take(bus, "next")), ["one", "two"]);
  assert.partialDeepStrictEqual(await takeOne(bus, "a2"), { from: "w1", thread: "1" });
});

const failing: [string, string, Parameters<typeof ack>[2]][] = [
  ["send meets a full inbox", "E_FULL", { send: [draft("b1"), draft("small"), draft("small")] }],
  ["send has a bad name", "E_NAME", { send: [draft("b1"), draft("../x")] }],
  ["reply is too long", "E_BODY", { reply: "x".repeat(10_001) }],
];
for (const [what, code, more] of failing)
  test(`an ack whose ${what} is not accepted, and nothing of it is done`, async () => {
    const bus = await handBus();
    for (const inbox of ["small", "b1"]) await put(bus, inbox);
    await bus.store.write((tx) => tx.run("update ledger set cap = 2 where inbox = 'small'"));
    await put(bus, "a1", "?", { replyTo: "b1" });
    const { receipt } = await takeOne(bus, "a1");
    await assert.rejects(ack(bus, receipt, { reply: "!", ...more }), { code });
    assert.equal(await rowsOf(bus, "messages"), 3);
    assert.equal(await stateOf(bus, 3), "leased");
    assert.partialDeepStrictEqual(await ledgerOf(bus, "b1"), { ready: 1, reserved: 1 });
    assert.partialDeepStrictEqual(await ack(bus, receipt, { reply: "!" }), { reply: { id: 4 } });
  });

test("where nobody is there to take the reply, it is acked without once somebody hears of that", async () => {
  const bus = await handBus();
  const why: string[] = [];
  const onNobody = ({ message }: Error) => void why.push(message);
  await put(bus, "a1");
  const { receipt } = await takeOne(bus, "a1");
  await assert.rejects(ack(bus, receipt, { reply: "!" }), { code: "E_NOT_FOUND" });
  const send = [draft("next")];
  const acked = await ack(bus, receipt, { reply: "!", send, onNobody });
  assert.deepEqual(acked, { receipt, id: 1, sent: [{ id: 2, to: "next", created: true }] });
  assert.equal(why.length, 1);
  assert.match(why[0]!, /^message 1 has nobody to reply to/);
});

test("a message that it sends to nobody keeps the ack back all the same", async () => {
  const bus = await handBus();
  for (const inbox of ["a1", "a2"]) await put(bus, inbox);
  await bus.store.write(closeAddressBook);
  await put(bus, "a1", "?", { replyTo: "a2" });
  await takeOne(bus, "a1");
  const { receipt } = await takeOne(bus, "a1");
  const onNobody = () => assert.fail("there is somebody to take the reply");
  const send = [draft("nowhere")];
  const both = ack(bus, receipt, { reply: "!", send, onNobody });
  await assert.rejects(both, { code: "E_NOT_FOUND" });
  assert.equal(await stateOf(bus, 3), "leased");
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a2"), { ready: 1, reserved: 1 });
});

test("a nack gives a delivery back at once when it is told to", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  const { receipt } = await takeOne(bus, "a1");
  assert.deepEqual(await nack(bus, receipt, { delayMs: 0 }), { receipt, id: 1, state: "ready" });
  assert.equal((await takeOne(bus, "a1")).attempt, 2);
});

test("a nack with a delay keeps a delivery back for just as long", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  const { receipt } = await takeOne(bus, "a1");
  assert.deepEqual(await nack(bus, receipt, { delayMs: 700 }), {
    receipt,
    id: 1,
    state: "delayed",
  });
  bus.clock.pass(699);
  assert.deepEqual(await take(bus, "a1"), []);
  bus.clock.pass(1);
  assert.equal((await take(bus, "a1")).length, 1);
});

test("a nack without a delay lets a delivery rest longer the more often it failed", async () => {
  const bus = await handBus({ backoffMinMs: 1_000, backoffMaxMs: 1_000_000, maxAttempts: 13 });
  await put(bus, "a1");
  const rests = [];
  for (let n = 0; n < 12; n++) {
    const { receipt } = await takeOne(bus, "a1");
    await nack(bus, receipt);
    const row = await bus.store.read((tx) =>
      tx.get<{ due: number }>("select due_tick as due from deliveries"),
    );
    rests.push(row!.due - bus.clock.tick());
    bus.clock.pass(rests.at(-1)!);
  }
  assert.equal(
    rests.every((rest, n) => rest >= 1_000 && rest <= 1_000 * 2 ** (n + 1)),
    true,
    String(rests),
  );
  // By chance one may be short; that all of the later ones are, does not happen.
  assert.equal(Math.max(...rests.slice(4)) > 4_000, true, String(rests));
});

test("extending a lease keeps it from running out, from now on and not from the claim", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  const { receipt } = await takeOne(bus, "a1", { leaseMs: 1_000 });
  bus.clock.pass(900);
  const leaseUntil = bus.clock.now() + 1_000;
  assert.deepEqual(await extend(bus, receipt, 1_000), { receipt, id: 1, leaseUntil });
  bus.clock.pass(999);
  assert.deepEqual(await take(bus, "a1"), []);
  bus.clock.pass(1);
  assert.equal((await take(bus, "a1")).length, 1);
});

test("a lease that ran out can be extended until it is taken back, and no longer", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  const { receipt } = await takeOne(bus, "a1", { leaseMs: 1_000 });
  bus.clock.pass(5_000);
  await extend(bus, receipt, 1_000);
  bus.clock.pass(5_000);
  await bus.store.write((tx) => sweep(tx, bus.settings, "a1"));
  await assert.rejects(extend(bus, receipt), { code: "E_STALE", message: /is ready now/ });
});
