// What a client does next, as chance and what it has in mind decide.
import type { Random } from "../../proof/random.ts";
import { bodyOf } from "../body.ts";
import type { Args, Got, Sending } from "../event.ts";
import { type Shape, keptInbox, topic } from "../shape.ts";
import type { Mind, Step } from "./mind.ts";

interface Chooser {
  mind: Mind;
  random: Random;
  shape: Shape;
}

// More than that nobody keeps in hand.
const handful = 6;

/** The next call of a client; it always has one. */
export function chooseStep(mind: Mind, random: Random, shape: Shape): Step {
  const chooser = { mind, random, shape };
  const unsure = mind.unsure.shift();
  if (unsure !== undefined) return unsure;
  if (mind.holding.length > handful) return settle(chooser)!;
  for (;;) {
    const step = chosen(chooser)?.(chooser);
    if (step !== undefined) return step;
  }
}

type Make = (chooser: Chooser) => Step | undefined;

const choices: readonly [weight: number, make: Make][] = [
  [24, sendOne],
  [5, sendKeyed],
  [3, repeatKeyed],
  [0.5, misuseKey],
  [4, sendBatch],
  [4, sendAtomic],
  [1, publish],
  [0.7, request],
  [28, claim],
  [1, claimAndAck],
  [4, settleAndClaim],
  [26, settle],
  [1, settleAgain],
  [0.3, (chooser) => ({ op: "purge", args: { inbox: inboxFor(chooser) } })],
  [0.3, (chooser) => ({ op: "retry", args: { inbox: inboxFor(chooser) } })],
  [0.2, (chooser) => ({ op: "drop", args: { inbox: inboxFor(chooser) } })],
];
const allWeights = choices.reduce((sum, [weight]) => sum + weight, 0);

function chosen({ random }: Chooser): Make | undefined {
  let at = random.share() * allWeights;
  return choices.find(([weight]) => (at -= weight) < 0)?.[1];
}

function sendOne(chooser: Chooser): Step {
  const sending = newSending(chooser, { ...timesFor(chooser), ...askFor(chooser) });
  return { op: "send", args: { sends: [sending], ...patience(chooser, sending.to) } };
}

function sendKeyed(chooser: Chooser): Step {
  const sending = newSending(chooser);
  sending.key = sending.uid;
  return { op: "send", args: { sends: [sending], ...patience(chooser, sending.to) } };
}

function repeatKeyed(chooser: Chooser): Step | undefined {
  const sending = chooser.random.pick(chooser.mind.keyed);
  if (sending === undefined) return undefined;
  return { op: "send", args: { sends: [sending], ...patience(chooser, sending.to) } };
}

function misuseKey(chooser: Chooser): Step | undefined {
  const { key, from, to } = chooser.random.pick(chooser.mind.keyed) ?? {};
  if (key === undefined) return undefined;
  const who = from === undefined ? {} : { from };
  const sending = { ...newSending(chooser), key, to: to!, ...who };
  return { op: "send", args: { sends: [sending], ...patience(chooser, sending.to) } };
}

function sendBatch(chooser: Chooser): Step {
  const sends = several(chooser, 6);
  return { op: "batch", args: { sends, atomic: false, ...patience(chooser, null) } };
}

function sendAtomic(chooser: Chooser): Step {
  const sends = several(chooser, 4);
  return { op: "batch", args: { sends, atomic: true, ...patience(chooser, null) } };
}

function publish(chooser: Chooser): Step {
  const sending: Sending = { ...newSending(chooser), to: null, topic };
  return { op: "publish", args: { sends: [sending], ...patience(chooser, null) } };
}

function request(chooser: Chooser): Step {
  const timeoutMs = chooser.random.whole(20, 150);
  return { op: "request", args: { sends: [newSending(chooser)], onFull: "wait", timeoutMs } };
}

function claim(chooser: Chooser): Step {
  return { op: "claim", args: { claim: claimOf(chooser) } };
}

function claimAndAck(chooser: Chooser): Step {
  return { op: "claim", args: { claim: claimOf(chooser), acksAll: true } };
}

function settleAndClaim(chooser: Chooser): Step | undefined {
  const acks = chooser.mind.holding.slice(0, chooser.random.whole(1, 3));
  if (acks.length === 0) return undefined;
  const receipts = acks.map(({ receipt }) => receipt);
  return { op: "claim", args: { claim: claimOf(chooser), acks: receipts } };
}

function settle(chooser: Chooser): Step | undefined {
  const { mind, random, shape } = chooser;
  const one = random.pick(mind.holding);
  if (one === undefined) return undefined;
  const { receipt } = one;
  const roll = random.share();
  if (roll < 0.08) return { op: "nack", args: { nack: receipt, forMs: random.whole(0, 60) } };
  if (roll < 0.2)
    return { op: "extend", args: { extend: receipt, forMs: leaseFor(random, shape) } };
  if (roll < 0.3 && mind.holding.length > 1)
    return { op: "ack", args: { acks: mind.holding.slice(0, 4).map((it) => it.receipt) } };
  const sends = roll < 0.6 || one.replyTo !== null ? sentWith(chooser, one) : [];
  return { op: "ack", args: { acks: [receipt], ...(sends.length > 0 && { sends }) } };
}

/** Shows a receipt that was settled, or tried to be: it may be told so, and must do no harm. */
function settleAgain({ mind, random }: Chooser): Step | undefined {
  const receipt = random.pick(mind.settled);
  if (receipt === undefined) return undefined;
  const args: Args[] = [{ acks: [receipt] }, { nack: receipt, forMs: 0 }];
  const at = random.share() < 0.7 ? 0 : 1;
  return { op: at === 0 ? "ack" : "nack", args: args[at]! };
}

function sentWith(chooser: Chooser, { replyTo }: Got): Sending[] {
  const { random } = chooser;
  const answers = replyTo !== null && random.share() < 0.7;
  const reply = answers ? [{ ...newSending(chooser), to: null, isReply: true }] : [];
  const count = random.whole(0, 2);
  return [...reply, ...Array.from({ length: count }, () => newSending(chooser))];
}

function several(chooser: Chooser, most: number): Sending[] {
  const count = chooser.random.whole(2, most);
  // Half of them go to one inbox and can be written together.
  const to = chooser.random.share() < 0.5 ? inboxFor(chooser) : undefined;
  return Array.from({ length: count }, () => newSending(chooser, to === undefined ? {} : { to }));
}

function newSending(chooser: Chooser, more: Partial<Sending> = {}): Sending {
  const { mind, random, shape } = chooser;
  const uid = `${mind.name}:${++mind.count}`;
  const wanted = random.share() < 0.02 ? random.whole(500, 3_000) : random.whole(60, 400);
  const bytes = bodyOf(uid, Math.min(wanted, shape.capBytes / 4)).length;
  const priority = random.share() < 0.2 ? { priority: random.whole(0, 9) } : {};
  return { uid, to: inboxFor(chooser, true), bytes, ...priority, ...more };
}

/** An inbox, now and then the one that nobody claims from when it is to send to. */
function inboxFor({ random, shape }: Chooser, maybeKept = false): string {
  return maybeKept && random.share() < 0.01 ? keptInbox : random.pick(shape.inboxes)!;
}

function timesFor({ random, shape }: Chooser): Partial<Sending> {
  const roll = random.share();
  if (roll < 0.04) return { delayMs: random.whole(1, 200) };
  if (roll < 0.08) return { ttlMs: random.whole(20, shape.ttlMaxMs) };
  return {};
}

function askFor(chooser: Chooser): Partial<Sending> {
  return chooser.random.share() < 0.05 ? { replyTo: inboxFor(chooser) } : {};
}

function claimOf(chooser: Chooser): NonNullable<Args["claim"]> {
  const { random, shape } = chooser;
  const waitMs = random.share() < 0.8 ? 0 : random.whole(1, 30);
  const leaseMs = leaseFor(random, shape);
  return { inbox: inboxFor(chooser), max: random.whole(1, 4), leaseMs, waitMs };
}

function leaseFor(random: Random, { leaseMs }: Shape): number {
  return Math.round(leaseMs * (0.5 + random.share()));
}

function patience(
  { random, shape }: Chooser,
  to: string | null,
): Pick<Args, "onFull" | "timeoutMs"> {
  // Nobody makes room for whoever is alone.
  const isAlone = shape.processes * shape.clients === 1;
  const waits = to !== keptInbox && random.share() < (isAlone ? 0.1 : 0.5);
  return waits
    ? { onFull: "wait", timeoutMs: random.whole(5, 80) }
    : { onFull: "fail", timeoutMs: 0 };
}
