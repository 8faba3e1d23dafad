import assert from "node:assert/strict";
import { test } from "node:test";
import { holdRings } from "../../src/bus/held-rings.ts";
import { receive } from "../../src/bus/receive.ts";
import { batchMax, sendBatch } from "../../src/bus/send.ts";
import { sleep } from "../../src/core/clock.ts";
import { onlyRings } from "../fixtures/bus/bus.ts";
import { handClock, tempBuses } from "../helpers/temp-bus.ts";
import { ack, draft, rowsOf, takeOne, texts } from "./verbs.ts";
import { livingProcesses, untilWaiting } from "./waiting.ts";

const { liveBus, neighbour } = tempBuses();
const living = livingProcesses();

function recorded() {
  const rung: number[] = [];
  const clock = handClock();
  return { rung, clock, rings: holdRings((port) => void rung.push(port), clock.tick) };
}

test("what is rung is held until it is released, and then rung once and in order", () => {
  const { rung, rings } = recorded();
  rings.release();
  for (const port of [3, 1, 2]) rings.ring(port, 0);
  assert.deepEqual(rung, []);
  rings.release();
  rings.release();
  assert.deepEqual(rung, [3, 1, 2]);
});

test("the first is not held for long: what comes a quarter of a second after it releases all", () => {
  const { rung, clock, rings } = recorded();
  rings.ring(1, 0);
  clock.pass(249);
  rings.ring(2, 0);
  assert.deepEqual(rung, []);
  clock.pass(1);
  rings.ring(3, 0);
  assert.deepEqual(rung, [1, 2, 3]);
  rings.ring(4, 0);
  clock.pass(249);
  rings.ring(5, 0);
  assert.deepEqual(rung, [1, 2, 3]);
});

const sending = { from: null, timeoutMs: 60_000, atomic: false } as const;
const claim = { holder: null, max: 1, leaseMs: 60_000, waitMs: 60_000 };

test("a batch of several transactions rings whom its first one concerns once all are through", async () => {
  const bus = onlyRings(await liveBus());
  const receiver = onlyRings(await neighbour(bus, living()));
  const received = receive(receiver, { ...claim, inbox: "early" });
  await untilWaiting(bus, "early", "mail");
  const rest = Array.from({ length: batchMax }, () => draft("late"));
  let sent = 0;
  const seen = received.then(async (deliveries) => {
    sent = await rowsOf(bus, "messages");
    return texts(deliveries);
  });
  // Time enough for a ring to be heard and answered between two transactions.
  const write: typeof bus.store.write = async (fn, options) => {
    const result = await bus.store.write(fn, options);
    await sleep(50);
    return result;
  };
  const slow = { ...bus, store: { ...bus.store, write } };
  await sendBatch(slow, [draft("early", "hello"), ...rest], { ...sending, onFull: "fail" });
  assert.deepEqual(await seen, ["hello"]);
  assert.equal(sent, 1 + batchMax);
});

test("a batch that has to wait for room rings first: those it has served may be the ones who make it", async () => {
  const bus = onlyRings(await liveBus({ inboxCap: 1 }));
  const receiver = onlyRings(await neighbour(bus, living()));
  const received = receive(receiver, { ...claim, inbox: "early" });
  await untilWaiting(bus, "early", "mail");
  const drafts = [draft("early", "make room"), draft("full"), draft("full")];
  const sent = sendBatch(bus, drafts, { ...sending, onFull: "wait" });
  assert.deepEqual(texts(await received), ["make room"]);
  await ack(bus, (await takeOne(bus, "full")).receipt!);
  assert.equal((await sent).length, 3);
});
