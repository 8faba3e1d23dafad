// The bus beside a model of it: whatever is done to both in whatever order, they answer the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { handBack } from "../../src/bus/hand-back.ts";
import { conservation } from "../../src/bus/inboxes.ts";
import { openBus } from "../../src/bus/open.ts";
import { parkAll, unparkAll } from "../../src/bus/park.ts";
import { isSkepError } from "../../src/core/errors.ts";
import { ack, extend, nack, put, take } from "../bus/verbs.ts";
import { auditLedger } from "../helpers/audit-ledger.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { type Draft, busModel } from "./bus-model.ts";

const { handBus, closeAll } = tempBuses();

const inboxes = ["a", "b", "c"];
const inbox = fc.constantFrom(...inboxes);
const inboxOrNull = fc.option(inbox);
const holder = fc.constantFrom("w1", "w2");
const draft: fc.Arbitrary<Draft> = fc.record({
  to: inbox,
  bytes: fc.integer({ min: 0, max: 12 }),
  priority: fc.integer({ min: 3, max: 5 }),
  replyTo: inboxOrNull,
});
const ms = fc.constantFrom(0, 1, 50, 100, 200);
const leaseMs = fc.constantFrom(50, 100);
/** One of the receipts given out so far, counted from the newest. */
const nth = fc.nat({ max: 8 });

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("send"), draft, from: inboxOrNull }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("claim"),
      inbox,
      holder,
      max: fc.integer({ min: 1, max: 4 }),
      leaseMs,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("ack"),
      nth,
      answer: fc.boolean(),
      draft: fc.option(draft, { freq: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("nack"), nth, ms }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("extend"), nth, leaseMs }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("pass"), ms }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("set the wall clock"), by: fc.integer({ min: -1e9, max: 1e9 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("hand back"),
      holder,
      ending: fc.constantFrom("died", "returned"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("park", "unpark", "reboot") }) },
);
type Step = { do: string } & Record<string, never>;

/** What a call comes to: its answer, or the code it was refused with. */
async function answerOf<T>(work: Promise<T>): Promise<T | string> {
  try {
    return await work;
  } catch (error) {
    if (isSkepError(error)) return error.code;
    throw error;
  }
}

/** Does one step on both: what the bus answers, and what the model does. */
function stepper(bus: HandBus, model: ReturnType<typeof busModel>) {
  const { store, settings, clock } = bus;
  const receipts: string[] = [];
  const real = ({ bytes, ...rest }: Draft) => ({ ...rest, body: new Uint8Array(bytes) });
  const pick = (n: number) => receipts[receipts.length - 1 - (n % receipts.length)] ?? "1.1.1";

  return async (step: Step): Promise<[unknown, unknown]> => {
    switch (step.do) {
      case "send": {
        const { draft, from } = step as unknown as { draft: Draft; from: string | null };
        const { to, body, ...more } = real(draft);
        const sent = await answerOf(put(bus, to, body, { ...more, from }));
        return [typeof sent === "string" ? sent : sent.id, model.send(from, draft)];
      }
      case "claim": {
        const claimed = await take(bus, step["inbox"], step);
        const expected = model.claim(step["inbox"], step["holder"], step["max"], step["leaseMs"]);
        for (const [n, { receipt }] of claimed.entries()) {
          receipts.push(receipt);
          if (expected[n] !== undefined) expected[n].receipt = receipt;
        }
        return [
          claimed.map(({ id, attempt, priority, receipt, body }) => [
            id,
            attempt,
            priority,
            receipt.split(".").slice(0, 2).map(Number),
            body.length,
          ]),
          expected.map(({ id, attempt, priority, epoch, bytes }) => [
            id,
            attempt,
            priority,
            [id, epoch],
            bytes,
          ]),
        ];
      }
      case "ack": {
        const { answer, draft } = step as unknown as { answer: boolean; draft: Draft | null };
        const more = { ...(answer && { reply: "!" }), ...(draft && { send: [real(draft)] }) };
        const acked = await answerOf(ack(bus, pick(step["nth"]), more));
        const ids =
          typeof acked === "string"
            ? acked
            : acked.already
              ? "already"
              : [acked.reply, ...(acked.sent ?? [])].flatMap((one) => (one ? [one.id] : []));
        return [ids, model.ack(pick(step["nth"]), { answer, draft })];
      }
      case "nack": {
        const { nth, ms: delayMs } = step as unknown as { nth: number; ms: number };
        const nacked = await answerOf(nack(bus, pick(nth), { delayMs }));
        return [
          typeof nacked === "string" ? nacked : nacked.state,
          model.nack(pick(nth), delayMs),
        ];
      }
      case "extend": {
        const extended = await answerOf(extend(bus, pick(step["nth"]), step["leaseMs"]));
        return [
          typeof extended === "string" ? extended : "extended",
          model.extend(pick(step["nth"]), step["leaseMs"]),
        ];
      }
      case "pass":
        return [clock.pass(step["ms"]), undefined];
      case "set the wall clock":
        return [clock.stepWall(step["by"]), undefined];
      case "hand back": {
        const { holder, ending } = step as unknown as { holder: string; ending: "died" };
        return [
          await store.write((tx) => handBack(tx, settings, holder, ending, "for a reason")),
          model.handBack(holder, ending),
        ];
      }
      case "park":
        return [(await store.write((tx) => parkAll(tx, settings, 1))).parked, model.park()];
      case "unpark":
        return [await store.write(unparkAll), model.unpark()];
      case "reboot":
        clock.boot += "'";
        (await openBus(store, clock, settings)).doorbell.close();
        return [undefined, model.reboot()];
      default:
        throw new Error(`no such step: ${step.do}`);
    }
  };
}
