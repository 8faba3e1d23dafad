// Waiting for one's turn where a rate is in force.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { setInboxLimits, setSenderLimits } from "../../src/bus/limits.ts";
import { type SendOptions, send, sendBatch } from "../../src/bus/send.ts";
import { elapsedMs } from "../../src/core/clock.ts";
import { SkepError } from "../../src/core/errors.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { draft, put, rowsOf, take } from "./verbs.ts";
import { countingNaps, livingProcesses, untilWaiting, waitersOf } from "./waiting.ts";

const { liveBus, neighbour } = tempBuses();
const living = livingProcesses();

const limit = (bus: Bus, inbox: string, perS: number, burst = 1) =>
  bus.store.write((tx) => setInboxLimits(tx, bus.settings, inbox, { ratePerS: perS, burst }));
const limitSender = (bus: Bus, name: string, perS: number, burst = 1) =>
  bus.store.write((tx) => setSenderLimits(tx, name, { ratePerS: perS, burst }));

const patient: SendOptions = { from: null, onFull: "wait", timeoutMs: 20_000 };
const drafts = (count: number, to = "a1") =>
  Array.from({ length: count }, (_, n) => draft(to, String(n)));

/** How each went: its code, or "sent". */
const codes = (outcomes: readonly unknown[]) =>
  outcomes.map((outcome) => (outcome instanceof SkepError ? outcome.code : "sent"));

test("whoever waits comes when its turn is, by one sleep and not by looking again and again", async () => {
  const { bus, naps } = countingNaps(await liveBus());
  await limit(bus, "a1", 5);
  await put(bus, "a1");
  const begun = elapsedMs();
  await send(bus, draft("a1"), patient);
  const took = elapsedMs() - begun;
  assert.ok(took >= 190 && took < 1_000, `${took} ms`);
  assert.ok(naps.length <= 2, String(naps));
  assert.deepEqual(await waitersOf(bus, "a1", "turn"), []);
});

test("what it was told to wait is right within a fifth", async () => {
  const bus = await liveBus();
  await limit(bus, "a1", 4);
  await put(bus, "a1");
  const begun = elapsedMs();
  const refused = await put(bus, "a1").catch((error: SkepError) => error);
  assert.ok(refused instanceof SkepError && refused.code === "E_RATE");
  const told = refused.retryAfterMs!;
  for (;;) {
    try {
      await put(bus, "a1");
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
  const real = elapsedMs() - begun;
  assert.ok(Math.abs(told - real) <= 0.2 * real, `told ${told} ms, it was ${real} ms`);
});

test("those who wait come in the order in which they came, an interval apart, and nobody overtakes", async () => {
  const bus = await liveBus();
  await limit(bus, "a1", 10);
  await put(bus, "a1", "first");
  const sendings = [];
  for (const [n, body] of ["x", "y", "z"].entries()) {
    sendings.push(send(neighbour(bus, living()), draft("a1", body), patient));
    await untilWaiting(bus, "a1", "turn", n + 1);
  }
  await assert.rejects(put(bus, "a1", "overtaker"), { code: "E_RATE" });
  await Promise.all(sendings);
  const sent = await take(bus, "a1");
  assert.deepEqual(
    sent.map(({ body }) => Buffer.from(body).toString()),
    ["first", "x", "y", "z"],
  );
  for (let n = 1; n < sent.length; n++)
    assert.ok(sent[n]!.sentAt - sent[n - 1]!.sentAt >= 80, sent.map((one) => one.sentAt).join());
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
  const bus = await liveBus();
  await limit(bus, "a1", 20, 3);
  await put(bus, "a1");
  await sendBatch(bus, drafts(3), { ...patient, atomic: true });
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
  const bus = await liveBus();
  await limit(bus, "a1", 0.1);
  await put(bus, "a1");
  const begun = elapsedMs();
  const told = [];
  for (let n = 0; n < 2; n++)
    told.push(await send(bus, draft("a1"), { ...patient, timeoutMs: 2_000 }).catch((e) => e));
  assert.ok(elapsedMs() - begun < 1_000);
  assert.deepEqual(codes(told), ["E_RATE", "E_RATE"]);
  // The first one took no turn away from the second.
  assert.ok(told[1].retryAfterMs <= 10_000 && told[1].retryAfterMs > 8_000);
});

test("whoever is told to stop while it waits gives its turn to the next one", async () => {
  const bus = await liveBus();
  await limit(bus, "a1", 0.5);
  await put(bus, "a1");
  const stop = new AbortController();
  const sending = send(bus, draft("a1"), { ...patient, signal: stop.signal });
  await untilWaiting(bus, "a1", "turn");
  stop.abort();
  await assert.rejects(sending, { code: "E_RATE" });
  const { retryAfterMs } = await put(bus, "a1").catch((error) => error);
  assert.ok(retryAfterMs <= 2_000, String(retryAfterMs));
});
