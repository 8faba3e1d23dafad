// Waiting for one's turn where a rate is in force.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { setInboxLimits, setSenderLimits } from "../../src/bus/set-limits.ts";
import { type SendOptions, send, sendBatch } from "../../src/bus/send.ts";
import { elapsedMs, sleep } from "../../src/core/clock.ts";
import { SkepError } from "../../src/core/errors.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { draft, put, rowsOf, take } from "./verbs.ts";
import { livingProcesses, sleepy, untilWaiting, waitersOf } from "./waiting.ts";

const { handBus, liveBus, neighbour } = tempBuses();
const living = livingProcesses();

const limit = (bus: Bus, inbox: string, perS: number, burst = 1) =>
  bus.store.write((tx) => setInboxLimits(tx, bus.settings, inbox, { ratePerS: perS, burst }));
const limitSender = (bus: Bus, name: string, perS: number, burst = 1) =>
  bus.store.write((tx) => setSenderLimits(tx, name, { ratePerS: perS, burst }));

const patient: SendOptions = { from: null, onFull: "wait", timeoutMs: 60_000 };
const drafts = (count: number, to = "a1") =>
  Array.from({ length: count }, (_, n) => draft(to, String(n)));

/** How each went: its code, or "sent". */
const codes = (outcomes: readonly unknown[]) =>
  outcomes.map((outcome) => (outcome instanceof SkepError ? outcome.code : "sent"));

test("whoever waits comes when its turn is, by one sleep and not by looking again and again", async () => {
  const { bus, naps, wake } = sleepy(await handBus());
  await limit(bus, "a1", 5);
  await put(bus, "a1");
  const sending = send(bus, draft("a1"), patient);
  await waitUntil("it sleeps", () => naps.length > 0);
  bus.clock.pass(200);
  wake();
  await sending;
  assert.deepEqual(naps, [200]);
  assert.deepEqual(await waitersOf(bus, "a1", "turn"), []);
});

test("what it was told to wait is right: nothing goes before it is over, and nothing is refused after", async () => {
  const bus = await liveBus();
  await limit(bus, "a1", 0.25);
  await put(bus, "a1");
  let askedAt = 0;
  let told: number | undefined;
  // Whoever is put off for longer than its turn takes is let in, and asks again.
  while (told === undefined) {
    askedAt = elapsedMs();
    const refused = await put(bus, "a1").catch((error: SkepError) => error);
    if (!(refused instanceof SkepError)) continue;
    assert.equal(refused.code, "E_RATE");
    told = refused.retryAfterMs!;
  }
  const toldAt = elapsedMs();
  // The clock of the bus counts whole milliseconds.
  const early = askedAt + told - 2;
  const late = toldAt + told + 2;
  for (let goes = false; !goes;) {
    const triedAt = elapsedMs();
    goes = await put(bus, "a1").then(
      () => true,
      () => false,
    );
    if (goes) assert.ok(elapsedMs() >= early, `${early - elapsedMs()} ms too early`);
    else assert.ok(triedAt <= late, `${triedAt - late} ms too late`);
    await sleep(2);
  }
});

test("those who wait come in the order in which they came, an interval apart, and nobody overtakes", async () => {
  const bus = await handBus();
  await limit(bus, "a1", 10);
  await put(bus, "a1", "first");
  const senders: ReturnType<typeof sleepy>[] = [];
  const sendings = [];
  for (const [n, body] of ["x", "y", "z"].entries()) {
    senders.push(sleepy(neighbour(bus, living())));
    sendings.push(send(senders[n]!.bus, draft("a1", body), patient));
    await untilWaiting(bus, "a1", "turn", n + 1);
  }
  for (const sending of sendings) {
    bus.clock.pass(100);
    await assert.rejects(put(bus, "a1", "overtaker"), { code: "E_RATE" });
    for (const { wake } of senders) wake();
    await sending;
  }
  const sent = await take(bus, "a1");
  assert.deepEqual(
    sent.map(({ body }) => Buffer.from(body).toString()),
    ["first", "x", "y", "z"],
  );
  assert.deepEqual(
    sent.map(({ sentAt }) => sentAt - sent[0]!.sentAt),
    [0, 100, 200, 300],
  );
});

test("a batch that waits goes on at the pace that is allowed", async () => {
  const bus = await liveBus();
  await limit(bus, "a1", 20, 2);
  const begun = elapsedMs();
  const outcomes = await sendBatch(bus, drafts(6), { ...patient, atomic: false });
  assert.deepEqual(new Set(codes(outcomes)), new Set(["sent"]));
  assert.ok(elapsedMs() - begun >= 190, `${elapsedMs() - begun} ms for 4 waits of 50 ms`);
});

test("an atomic batch waits until all of it may go, and takes its turn for all of it", async () => {
  const { bus, naps, wake } = sleepy(await handBus());
  await limit(bus, "a1", 20, 3);
  await put(bus, "a1");
  const sending = sendBatch(bus, drafts(3), { ...patient, atomic: true });
  await waitUntil("it sleeps", () => naps.length > 0);
  bus.clock.pass(50);
  wake();
  await sending;
  assert.deepEqual(naps, [50]);
  await assert.rejects(put(bus, "a1"), { code: "E_RATE" });
  assert.equal(await rowsOf(bus, "messages"), 4);
});

test("whoever sends too fast itself waits for its turn, whatever inbox it goes to", async () => {
  const bus = await liveBus();
  await limitSender(bus, "ada", 10);
  const begun = elapsedMs();
  for (const to of ["a1", "a2", "a3"]) await send(bus, draft(to), { ...patient, from: "ada" });
  assert.ok(elapsedMs() - begun >= 190);
  assert.deepEqual(await waitersOf(bus, "a3", "turn"), []);
});

test("a turn that comes too late for whoever waits is refused at once, and left to others", async () => {
  const { bus, naps } = sleepy(await handBus());
  await limit(bus, "a1", 0.1);
  await put(bus, "a1");
  // The first one takes no turn away from the second.
  for (let n = 0; n < 2; n++)
    await assert.rejects(send(bus, draft("a1"), { ...patient, timeoutMs: 2_000 }), {
      code: "E_RATE",
      retryAfterMs: 10_000,
    });
  assert.deepEqual(naps, []);
});

test("whoever is told to stop while it waits gives its turn to the next one", async () => {
  const bus = await handBus();
  await limit(bus, "a1", 0.5);
  await put(bus, "a1");
  const stop = new AbortController();
  const sending = send(bus, draft("a1"), { ...patient, signal: stop.signal });
  await untilWaiting(bus, "a1", "turn");
  stop.abort();
  await assert.rejects(sending, { code: "E_RATE" });
  await assert.rejects(put(bus, "a1"), { code: "E_RATE", retryAfterMs: 2_000 });
});
