// How fast an inbox takes, and how fast somebody may send: what goes, what is refused, and who waits how long.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Pass, enter } from "../../src/bus/admission.ts";
import type { Bus } from "../../src/bus/bus.ts";
import { move } from "../../src/bus/ledger.ts";
import { setInboxLimits, setSenderLimits } from "../../src/bus/set-limits.ts";
import { type Rate, turnOf } from "../../src/bus/rate.ts";
import { noticeBoot } from "../../src/bus/boot.ts";
import { waitForRoom } from "../../src/bus/room.ts";
import { type SendOptions, send, sendBatch } from "../../src/bus/send.ts";
import { SkepError } from "../../src/core/errors.ts";
import { casesOf } from "../helpers/cases.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { ack, draft, ledgerOf, put, rowsOf, take, takeOne } from "./verbs.ts";
import { livingProcesses, sleepy } from "./waiting.ts";

const { handBus, neighbour } = tempBuses();
const living = livingProcesses();

const limit = (bus: Bus, inbox: string, perS: number, burst = 1) =>
  bus.store.write((tx) => setInboxLimits(tx, bus.settings, inbox, { ratePerS: perS, burst }));
const limitSender = (bus: Bus, name: string, perS: number, burst = 1) =>
  bus.store.write((tx) => setSenderLimits(tx, name, { ratePerS: perS, burst }));

const failing: SendOptions = { from: null, onFull: "fail", timeoutMs: 0 };
const patient: SendOptions = { from: null, onFull: "wait", timeoutMs: 20_000 };
const drafts = (count: number, to = "a1") =>
  Array.from({ length: count }, (_, n) => draft(to, String(n)));

/** How each went: its code, or "sent". */
const codes = (outcomes: readonly unknown[]) =>
  outcomes.map((outcome) => (outcome instanceof SkepError ? outcome.code : "sent"));

const refusedBy = async ({ store }: Bus, table: "ledger" | "senders") =>
  (await store.read((tx) => tx.get<{ n: number }>(`select sum(refused) as n from ${table}`)))!.n;

test("what comes too fast for an inbox is refused, with when it may come, and counted", async () => {
  const bus = await handBus();
  await limit(bus, "a1", 4, 2);
  for (let n = 0; n < 2; n++) await put(bus, "a1");
  await assert.rejects(put(bus, "a1"), {
    code: "E_RATE",
    message: "too fast: inbox a1 takes 4/s",
    hint: /in 250ms.*skep limits show a1/,
    retryAfterMs: 250,
  });
  bus.clock.pass(249);
  await assert.rejects(put(bus, "a1"), { code: "E_RATE", retryAfterMs: 1 });
  bus.clock.pass(1);
  await put(bus, "a1");
  assert.equal(await rowsOf(bus, "messages"), 3);
  assert.equal(await refusedBy(bus, "ledger"), 2);
});

test("whatever is sent and when, an inbox takes what the reckoning of rates says", async () => {
  const bus = await handBus();
  let count = 0;
  const step = fc.record({ restMs: fc.nat(1_500), many: fc.integer({ min: 1, max: 4 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(step, { minLength: 1, maxLength: 12 }),
      async (perS, burst, steps) => {
        const inbox = `a${++count}`;
        await limit(bus, inbox, perS, burst);
        let rate: Rate = { perS, burst, arrivalTick: null };
        for (const { restMs, many } of steps) {
          bus.clock.pass(restMs);
          const wanted = [];
          for (let n = 0; n < many; n++) {
            const turn = turnOf(rate, bus.clock.tick(), 1)!;
            wanted.push(turn.waitMs === 0 ? "sent" : "E_RATE");
            if (turn.waitMs === 0) rate = { ...rate, arrivalTick: turn.arrivalTick };
          }
          const went = await sendBatch(bus, drafts(many, inbox), { ...failing, atomic: false });
          assert.deepEqual(codes(went), wanted);
        }
      },
    ),
    { numRuns: casesOf(40) },
  );
});

test("what somebody sends too fast is refused wherever it goes; others are not concerned", async () => {
  const bus = await handBus();
  await limitSender(bus, "ada", 0.5);
  await put(bus, "a1", "1", { from: "ada" });
  await assert.rejects(put(bus, "a2", "2", { from: "ada" }), {
    code: "E_RATE",
    message: "too fast: ada may send 30/m",
    retryAfterMs: 2_000,
  });
  for (const from of ["bob", null]) await put(bus, "a1", "3", { from });
  bus.clock.pass(2_000);
  await put(bus, "a2", "4", { from: "ada" });
  assert.equal(await refusedBy(bus, "senders"), 1);
  assert.equal(await refusedBy(bus, "ledger"), 0);
});

test("a refusal for one reason uses up nothing of another limit", async () => {
  const bus = await handBus();
  await limitSender(bus, "ada", 1);
  await limit(bus, "a1", 1);
  await put(bus, "a1", "its turn is over");
  await bus.store.write((tx) => setInboxLimits(tx, bus.settings, "a2", { cap: 1, ratePerS: 1 }));
  await put(bus, "a2", "full now");
  for (const [to, code] of [
    ["a1", "E_RATE"],
    ["a2", "E_FULL"],
  ] as const)
    await assert.rejects(put(bus, to, "x", { from: "ada" }), { code });
  await put(bus, "a3", "the first of ada", { from: "ada" });
  assert.equal(await refusedBy(bus, "senders"), 0);
});

test("answers to requests are never too fast, nor is the slot for one", async () => {
  const bus = await handBus();
  await limit(bus, "asker", 0.001);
  await limitSender(bus, "worker", 0.001);
  await put(bus, "asker", "the only one");
  for (let n = 0; n < 3; n++) await put(bus, "a1", "?", { replyTo: "asker" });
  for (const { receipt } of await take(bus, "a1"))
    await ack(bus, receipt, { reply: "!", from: "worker" });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "asker"), { ready: 4, reserved: 0 });
});

test("a request that has no room for its answer uses up no turn", async () => {
  const bus = await handBus({ inboxCap: 1 });
  await limit(bus, "a1", 0.001);
  await put(bus, "asker");
  await assert.rejects(put(bus, "a1", "?", { replyTo: "asker" }), { code: "E_FULL" });
  await put(bus, "a1", "still the first");
});

test("of a batch as many go as are allowed, and the rest is refused in its place", async () => {
  const bus = await handBus();
  await limit(bus, "a1", 1, 3);
  const mixed = [...drafts(5), draft("a2"), ...drafts(1)];
  const outcomes = await sendBatch(bus, mixed, { ...failing, atomic: false });
  assert.deepEqual(codes(outcomes), ["sent", "sent", "sent", "E_RATE", "E_RATE", "sent", "E_RATE"]);
  assert.equal(await refusedBy(bus, "ledger"), 3);
});

test("an atomic batch goes as a whole when its turn is, or nothing of it; more than the burst never goes", async () => {
  const bus = await handBus();
  await limit(bus, "a1", 10, 4);
  const atomic = { ...failing, atomic: true };
  await sendBatch(bus, drafts(3), atomic);
  await assert.rejects(sendBatch(bus, drafts(3), atomic), { code: "E_RATE", retryAfterMs: 200 });
  await assert.rejects(sendBatch(bus, drafts(5), { ...patient, atomic: true }), {
    code: "E_RATE",
    message: "5 messages at once are too many: inbox a1 takes 4 at once, and 10/s",
    retryAfterMs: undefined,
  });
  const nameOf = (index: number) => `line ${index + 1}`;
  // The first would go now, and all of them together never will.
  await assert.rejects(sendBatch(bus, drafts(5), { ...patient, atomic: true, nameOf }), {
    message: "line 2: 5 messages at once are too many: inbox a1 takes 4 at once, and 10/s",
  });
  bus.clock.pass(200);
  await sendBatch(bus, drafts(3), atomic);
  assert.equal(await rowsOf(bus, "messages"), 6);
});

test("a new boot begins to reckon anew", async () => {
  const bus: HandBus = await handBus();
  await limit(bus, "a1", 0.001);
  await limitSender(bus, "ada", 0.001);
  await put(bus, "a1", "1", { from: "ada" });
  bus.clock.boot = "next boot";
  await noticeBoot(bus);
  await put(bus, "a1", "2", { from: "ada" });
});

test("what would never fit is refused at once, and nobody waits for it", async () => {
  const { bus, naps } = sleepy(await handBus({ inboxBytes: 4 }));
  await assert.rejects(send(bus, draft("a1", "12345"), patient), {
    code: "E_FULL",
    message: "inbox a1 can never take that at once",
    retryAfterMs: undefined,
  });
  assert.deepEqual(naps, []);
});

test("what is sent along with an ack is limited too, and nothing is acked when it is refused", async () => {
  const bus = await handBus();
  await limitSender(bus, "ada", 1);
  await put(bus, "a1");
  const { receipt } = await takeOne(bus, "a1");
  const along = { from: "ada", send: [draft("a2"), draft("a2")] };
  await assert.rejects(ack(bus, receipt, along), { code: "E_RATE" });
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { leased: 1 });
  await ack(bus, receipt, { from: "ada", send: [draft("a2")] });
});

/** Enters a1 with a turn that was taken for `atTick`, and nothing else to show. */
const enterWith = (bus: HandBus, atTick: number) =>
  bus.store.write(async (tx) => {
    const turns = new Map([["a1", { count: 1, atTick, arrivalTick: atTick }]]);
    const pass: Pass = { who: { pid: process.pid }, places: new Map(), turns };
    const load = { deliveries: 1, slots: 0, bytes: 1 };
    const entered = await enter(tx, bus.settings, { inbox: "a1", load, from: null, pass });
    // What is only on the account and lies nowhere is taken back.
    if (entered === "entered") await move(tx, "a1", { ready: -1, sent: -1, bytes: -1 });
    return [typeof entered === "string" ? entered : entered.turn?.waitMs, turns.size];
  });

test("a turn that was taken is good once, when it is and for a second after, and not before", async () => {
  const bus = await handBus();
  await limit(bus, "a1", 0.001);
  await put(bus, "a1");
  const tick = bus.clock.tick();
  assert.deepEqual(await enterWith(bus, tick + 7), [7, 1]);
  assert.deepEqual(await enterWith(bus, tick), ["entered", 0]);
  assert.deepEqual(await enterWith(bus, tick - 1_000), ["entered", 0]);
  assert.deepEqual(await enterWith(bus, tick - 1_001), [1_000_000, 1]);
});

test("a turn is not kept while its sender waits for room: those who kept theirs would come all at once", async () => {
  const bus = await handBus({ inboxCap: 2 });
  await limit(bus, "a1", 10, 2);
  await put(bus, "a1");
  await put(bus, "a1");
  const sender = sleepy(neighbour(bus, living()));
  const room = waitForRoom(sender.bus, patient);
  const waitNext = async (sleeps: number, ms: number) => {
    const load = { deliveries: 1, slots: 0, bytes: 5 };
    const next = room.next("a1", load, { takesTurns: true });
    await waitUntil("it sleeps", () => sender.naps.length === sleeps);
    bus.clock.pass(ms);
    sender.wake();
    await next;
  };
  await setCap(bus, 3);
  await waitNext(1, 100);
  assert.equal(room.pass().turns.size, 1);
  await setCap(bus, 2);
  await waitNext(2, 0);
  assert.equal(room.pass().turns.size, 0);
  await room.end();
});

const setCap = (bus: Bus, cap: number) =>
  bus.store.write((tx) => tx.run("update ledger set cap = $cap", { cap }));
