// What can be done to a bus, at random: each step is done to the real one and to the model, and has to come to the same.
import assert from "node:assert/strict";
import fc from "fast-check";
import { drain } from "../../src/bus/drain.ts";
import { handBack } from "../../src/bus/hand-back.ts";
import { handover } from "../../src/bus/handover.ts";
import { openBus } from "../../src/bus/open.ts";
import { parkAll, unparkAll } from "../../src/bus/park.ts";
import { receive } from "../../src/bus/receive.ts";
import { resumeTx } from "../../src/bus/resume.ts";
import { sendBatch } from "../../src/bus/send.ts";
import { ackAllTx } from "../../src/bus/settle.ts";
import { isSkepError } from "../../src/core/errors.ts";
import { textOf } from "../../src/core/text.ts";
import { ack, draft, extend, nack, put, take } from "../bus/verbs.ts";
import { answerOf } from "../helpers/answer-of.ts";
import type { HandBus } from "../helpers/temp-bus.ts";
import type { BusModel, ModelDraft } from "./bus-model.ts";

export interface World {
  bus: HandBus;
  model: BusModel;
  /** Every receipt that was given out, oldest first. */
  receipts: string[];
}

export interface Step {
  (world: World): Promise<void>;
}

export const inboxes = ["a", "b", "c"];

const inbox = fc.constantFrom(...inboxes);
const inboxOrNull = fc.option(inbox);
const holder = fc.constantFrom("w1", "w2");
const times = fc.constantFrom(
  ...[0, 0, 0, 50, 100].map((delayMs) => ({ delayMs, ttlMs: null })),
  ...[50, 100, 200].map((ttlMs) => ({ delayMs: 0, ttlMs })),
  { delayMs: 50, ttlMs: 100 },
);
const content = fc.record({
  to: inbox,
  bytes: fc.integer({ min: 0, max: 12 }),
  priority: fc.integer({ min: 3, max: 5 }),
  replyTo: inboxOrNull,
});
const message: fc.Arbitrary<ModelDraft> = fc
  .tuple(content, times)
  .map(([what, when]) => ({ ...what, ...when }));
const ms = fc.constantFrom(0, 1, 50, 100, 200);
const leaseMs = fc.constantFrom(50, 100);
/** One of the receipts given out so far, counted from the newest. */
const nth = fc.nat({ max: 8 });

const send = step("send", { message, from: inboxOrNull }, async ({ bus, model }, args) => {
  const { to, body, ...more } = draftOf(args.message);
  const sending = put(bus, to, textOf(body), { ...more, from: args.from });
  const sent = await answerOf(sending, ({ id }) => id);
  assert.deepEqual(sent, model.send(args.from, args.message));
});

const claim = step(
  "claim",
  { inbox, holder, max: fc.integer({ min: 1, max: 4 }), leaseMs },
  async ({ bus, model, receipts }, args) => {
    if (model.isClosed()) {
      await assert.rejects(receive(bus, { ...args, waitMs: 0 }), { code: "E_DRAINING" });
      return;
    }
    const claimed = await take(bus, args.inbox, args);
    const expected = model.claim(args.inbox, args.holder, args.max, args.leaseMs);
    assert.deepEqual(
      claimed.map(({ id, attempt, receipt, body }) => [
        id,
        attempt,
        body.length,
        receipt.replace(/\.\d+$/, ""),
      ]),
      expected.map(({ id, attempt, bytes, epoch }) => [id, attempt, bytes, `${id}.${epoch}`]),
    );
    for (const [n, { receipt }] of claimed.entries()) expected[n]!.receipt = receipt;
    receipts.push(...claimed.map(({ receipt }) => receipt));
  },
);

const settle = step(
  "ack",
  { nth, answer: fc.boolean(), message: fc.option(message, { freq: 2 }) },
  async ({ bus, model, receipts }, { answer, message, ...args }) => {
    const receipt = pick(receipts, args.nth);
    const drafts = message === null ? [] : [message];
    const acking = ack(bus, receipt, {
      ...(answer && { reply: "!" }),
      send: drafts.map(draftOf),
    });
    const acked = await answerOf(acking, ({ already, reply, sent = [] }) =>
      already ? "already" : [...(reply ? [reply] : []), ...sent].map(({ id }) => id),
    );
    assert.deepEqual(acked, model.ack(receipt, answer, drafts));
  },
);

const sendMany = step(
  "send many",
  { messages: fc.array(message, { maxLength: 6 }) },
  async ({ bus, model }, { messages }) => {
    const drafts = messages.map(draftOf);
    const options = { from: null, onFull: "fail", timeoutMs: 0, atomic: false } as const;
    const outcomes = await answerOf(sendBatch(bus, drafts, options), (all) =>
      all.map((outcome) => (isSkepError(outcome) ? outcome.code : outcome.id)),
    );
    const expected = messages.map((message) => model.send(null, message, true));
    const closed = model.isClosed() && messages.length > 0;
    assert.deepEqual(outcomes, closed ? "E_DRAINING" : expected);
  },
);

const settleMany = step(
  "ack many",
  { nths: fc.array(nth, { maxLength: 5 }) },
  async ({ bus, model, receipts }, { nths }) => {
    const shown = nths.map((nth) => pick(receipts, nth));
    const acked = await answerOf(
      bus.store.write((tx) => ackAllTx(tx, shown)),
      (all) => all.map(({ already }) => (already ? "already" : "acked")),
    );
    assert.deepEqual(acked, model.ackAll(shown));
  },
);

const refuse = step("nack", { nth, ms }, async ({ bus, model, receipts }, args) => {
  const receipt = pick(receipts, args.nth);
  const nacked = await answerOf(nack(bus, receipt, { delayMs: args.ms }), ({ state }) => state);
  assert.deepEqual(nacked, model.nack(receipt, args.ms));
});

const prolong = step("extend", { nth, leaseMs }, async ({ bus, model, receipts }, args) => {
  const receipt = pick(receipts, args.nth);
  const extended = await answerOf(extend(bus, receipt, args.leaseMs), () => "extended");
  assert.deepEqual(extended, model.extend(receipt, args.leaseMs));
});

const pass = step("pass", { ms }, async ({ bus }, args) => bus.clock.pass(args.ms));

const setWall = step(
  "set the wall clock",
  { by: fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }) },
  async ({ bus }, { by }) => bus.clock.stepWall(by),
);

const takeBack = step(
  "hand back",
  { holder, ending: fc.constantFrom("died" as const, "returned" as const) },
  async ({ bus, model }, args) => {
    const count = await bus.store.write((tx) =>
      handBack(tx, bus.settings, args.holder, args.ending, "for a reason"),
    );
    assert.equal(count, model.handBack(args.holder, args.ending));
  },
);

const handOver = step(
  "hand over",
  { from: inbox, by: fc.integer({ min: 1, max: inboxes.length - 1 }) },
  async ({ bus, model }, { from, by }) => {
    const to = inboxes[(inboxes.indexOf(from) + by) % inboxes.length]!;
    const handed = await bus.store.write((tx) =>
      handover(tx, bus.settings, { from, to, reason: "for a reason" }),
    );
    assert.deepEqual(handed, model.handover(from, to));
  },
);

const park = step("park", {}, async ({ bus, model }) => {
  const { parked } = await bus.store.write((tx) => parkAll(tx, bus.settings, 1));
  assert.equal(parked, model.park());
});

const unpark = step("unpark", {}, async ({ bus, model }) => {
  assert.equal(await bus.store.write((tx) => unparkAll(tx, "run")), model.unpark());
});

const drainNow = step("drain", {}, async ({ bus, model }) => {
  const fresh = !model.isClosed();
  const { parked } = await drain(bus, { timeoutMs: 0, usualMs: 0 });
  const expected = model.drain();
  if (fresh) assert.equal(parked, expected);
});

const resume = step("resume", {}, async ({ bus, model }) => {
  const already = !model.isClosed();
  assert.deepEqual(await bus.store.write(resumeTx), { resumed: model.resume(), already });
});

const reboot = step("reboot", {}, async ({ bus, model }) => {
  bus.clock.boot += "'";
  (await openBus(bus.store, bus.clock, bus.settings)).doorbell.close();
  model.reboot();
});

/** Any step, the usual ones more often than the rare ones. */
export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: send },
  { weight: 10, arbitrary: claim },
  { weight: 8, arbitrary: settle },
  { weight: 2, arbitrary: sendMany },
  { weight: 2, arbitrary: settleMany },
  { weight: 4, arbitrary: refuse },
  { weight: 2, arbitrary: prolong },
  { weight: 6, arbitrary: pass },
  { weight: 1, arbitrary: setWall },
  { weight: 2, arbitrary: takeBack },
  { weight: 2, arbitrary: handOver },
  { weight: 1, arbitrary: park },
  { weight: 2, arbitrary: unpark },
  { weight: 1, arbitrary: drainNow },
  { weight: 6, arbitrary: resume },
  { weight: 1, arbitrary: reboot },
);

/** A step that shows itself, with its arguments, where a run that failed is told. */
function step<Args extends object>(
  name: string,
  args: { [key in keyof Args]: fc.Arbitrary<Args[key]> },
  run: (world: World, args: Args) => Promise<void>,
): fc.Arbitrary<Step> {
  return fc.record(args).map((values) =>
    Object.assign((world: World) => run(world, values as Args), {
      [fc.toStringMethod]: () => `${name} ${JSON.stringify(values)}`,
    }),
  );
}

function draftOf({ to, bytes, ttlMs, ...more }: ModelDraft) {
  return draft(to, "x".repeat(bytes), { ...more, ttlMs: ttlMs ?? undefined });
}

function pick(receipts: readonly string[], nth: number): string {
  return receipts.at(-1 - (nth % Math.max(1, receipts.length))) ?? "1.1.1";
}
