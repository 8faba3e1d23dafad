import assert from "node:assert/strict";
import { test } from "node:test";
import { drain as runDrain } from "../../src/bus/drain.ts";
import { closeIntake, openIntake, whyClosed } from "../../src/bus/intake.ts";
import { peek } from "../../src/bus/inboxes.ts";
import { receive } from "../../src/bus/receive.ts";
import { sendBatch } from "../../src/bus/send.ts";
import { ackTx } from "../../src/bus/settle.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { ack, draft, extend, nack, put, rowsOf, take } from "./verbs.ts";

const { handBus } = tempBuses();

const drain = ({ store, clock }: HandBus) =>
  store.write((tx) => closeIntake(tx, clock.tick() + 1_000));
const claim = (bus: HandBus) =>
  receive(bus, { inbox: "a1", holder: null, max: 1, leaseMs: 1_000, waitMs: 0 });

test("a bus that drains takes no messages, and says when to come again", async () => {
  const bus = await handBus();
  await drain(bus);
  const refused = { code: "E_DRAINING", hint: /skep up/, retryAfterMs: 1_000 };
  await assert.rejects(put(bus, "a1"), refused);
  for (const atomic of [false, true]) {
    const options = { from: null, onFull: "wait", timeoutMs: 1_000, atomic } as const;
    await assert.rejects(sendBatch(bus, [draft("a1")], options), refused);
  }
  assert.equal(await rowsOf(bus, "messages"), 0);
});

test("a bus whose drain is over says that it is drained, and what opens it", async () => {
  const bus = await handBus();
  await runDrain(bus, { timeoutMs: 0, usualMs: 0 });
  const refused = { code: "E_DRAINING", message: /is drained/, hint: /^skep resume/ };
  await assert.rejects(put(bus, "a1"), refused);
  await assert.rejects(claim(bus), refused);
});

test("a bus that drains gives out nothing, to those who wait neither", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  await drain(bus);
  await assert.rejects(claim(bus), { code: "E_DRAINING" });
  const waiting = { inbox: "empty", holder: null, max: 1, leaseMs: 1_000, waitMs: 60_000 };
  await assert.rejects(receive(bus, waiting), { code: "E_DRAINING" });
  assert.equal((await bus.store.read((tx) => peek(tx, "a1", 1))).length, 1);
});

test("owners may settle what they hold while the bus drains", async () => {
  const bus = await handBus();
  for (let n = 0; n < 3; n++) await put(bus, "a1", "?", { from: "a2", replyTo: "a2" });
  const [one, two, three] = await take(bus, "a1");
  await drain(bus);
  await extend(bus, one!.receipt);
  const acked = await ack(bus, one!.receipt, { reply: "!", send: [draft("a3")] });
  assert.partialDeepStrictEqual(acked, { reply: { id: 4 }, sent: [{ id: 5 }] });
  assert.equal((await nack(bus, two!.receipt)).state, "delayed");
  // As a host does: its settlement goes with a claim, and is committed though the claim is refused.
  const settling = receive(bus, {
    inbox: "a1",
    holder: null,
    max: 1,
    leaseMs: 1_000,
    waitMs: 0,
    before: async (tx) => void (await ackTx(tx, bus.settings, three!.receipt, { from: null })),
  });
  await assert.rejects(settling, { code: "E_DRAINING" });
  assert.equal((await ack(bus, three!.receipt)).already, true);
});

test("when the drain is over, everything goes on", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  await drain(bus);
  await drain(bus);
  assert.equal(await bus.store.read(whyClosed), "stop");
  assert.equal(await bus.store.write((tx) => openIntake(tx)), true);
  assert.equal(await bus.store.read(whyClosed), null);
  assert.equal(await bus.store.write((tx) => openIntake(tx)), false);
  assert.equal((await claim(bus)).length, 1);
  await put(bus, "a1");
});

test("closed for two reasons, it stays closed until both are gone, and says which one to see to", async () => {
  const bus = await handBus();
  await drain(bus);
  await bus.store.write((tx) => closeIntake(tx, tx.tick + 1_000, "drain"));
  await assert.rejects(put(bus, "a1"), { code: "E_DRAINING", hint: /skep resume/ });
  await bus.store.write((tx) => openIntake(tx, "stop"));
  await assert.rejects(put(bus, "a1"), { code: "E_DRAINING", hint: /skep resume/ });
  await assert.rejects(claim(bus), { code: "E_DRAINING", hint: /skep resume/ });
  await bus.store.write((tx) => openIntake(tx, "drain"));
  await put(bus, "a1");
});
