// Sending in the model: whether there is room, whether it comes too fast, whether it was sent before.
import { expireOverdue, sweep } from "./endings.ts";
import {
  type Message,
  type Model,
  type Rate,
  type Refusal,
  createInbox,
  isClosed,
  loadOf,
} from "./state.ts";

export interface ModelDraft {
  to: string;
  body: string;
  priority: number;
  replyTo: string | null;
  delayMs: number;
  ttlMs: number | null;
  /** The same as a moment. */
  expiresAt?: number;
  key: string | null;
}

export interface Load {
  inbox: string;
  deliveries: number;
  slots: number;
  bytes: number;
  from: string | null;
}

/** A refusal for now, and whose limit it was. */
export interface Refused {
  code: "E_FULL" | "E_RATE";
  of: "inbox" | "sender";
  inbox: string;
  from: string | null;
}

/** Whether it was sent, now or before. */
export function hasId(outcome: Outcome): outcome is { id: number; already?: true } {
  return typeof outcome === "object" && "id" in outcome;
}

/** Whether it is refused for now. */
export function isRefused(outcome: unknown): outcome is Refused {
  return typeof outcome === "object" && outcome !== null && "code" in outcome;
}

interface Way {
  /** The temporary inbox that its sender made for the answer. */
  answerInbox?: string | undefined;
}

/** What became of one message: its id and whether it is an earlier one's, or why not. */
export type Outcome = { id: number; already?: true } | Refused | Refusal;

/** Why a load cannot go where it is to go now; undefined when it can. What takes up room and need not is seen to first. */
export function judge(model: Model, load: Load): Refused | undefined {
  const { inbox, from } = load;
  const full = { code: "E_FULL", of: "inbox", inbox, from } as const;
  // What can never go is no reason to see to anything.
  if (!fits(model, load, { taken: 0, bytes: 0 })) return full;
  if (!fits(model, load)) {
    sweep(model, inbox);
    expireOverdue(model, inbox);
  }
  if (!fits(model, load)) return full;
  if (load.deliveries === 0) return undefined;
  const tick = model.clock.tick();
  if (isTooFast(rateOf(model, from), tick, load.deliveries))
    return { code: "E_RATE", of: "sender", inbox, from };
  if (isTooFast(model.state.inboxes.get(inbox)!.rate, tick, load.deliveries))
    return { code: "E_RATE", of: "inbox", inbox, from };
  return undefined;
}

/** Counts an arrival that was let in with both rates. */
export function arrive(model: Model, { inbox, from, deliveries }: Load): void {
  if (deliveries === 0) return;
  for (const rate of [rateOf(model, from), model.state.inboxes.get(inbox)!.rate]) {
    if (rate === null) continue;
    const tick = model.clock.tick();
    rate.arrivalTick = Math.max(rate.arrivalTick ?? tick, tick) + (deliveries * 1_000) / rate.perS;
  }
}

function rateOf({ state }: Model, from: string | null): Rate | null {
  return (from === null ? undefined : state.senders.get(from)) ?? null;
}

function isTooFast(rate: Rate | null, tick: number, count: number): boolean {
  if (rate === null) return false;
  const { perS, burst, arrivalTick } = rate;
  return Math.max(arrivalTick ?? tick, tick) + ((count - burst) * 1_000) / perS > tick;
}

function fits(
  model: Model,
  { inbox, deliveries, slots, bytes }: Load,
  lies = loadOf(model, inbox),
): boolean {
  const { inboxCap, inboxBytes } = model.settings;
  const cap = model.state.inboxes.get(inbox)!.cap ?? inboxCap;
  if (deliveries > 0 && lies.bytes + bytes > inboxBytes) return false;
  return lies.taken + deliveries + slots <= cap;
}

/** Puts one message where it is to go. */
export function put(
  model: Model,
  from: string | null,
  draft: ModelDraft,
  { answerInbox }: Way = {},
): Outcome {
  const { to, body, replyTo, key } = draft;
  if (key !== null) {
    const earlier = model.state.keys.get(`${from ?? ""} ${key}`);
    if (earlier !== undefined && earlier.expiresAt > model.clock.now())
      return earlier.digest === digestOf(draft)
        ? { id: earlier.messageId, already: true }
        : "E_CONFLICT";
  }
  const answered = replyTo !== null && replyTo !== to;
  if (answered && replyTo !== answerInbox) {
    const fault = createInbox(model, replyTo);
    if (fault !== undefined) return fault;
  }
  const slot = { inbox: replyTo!, deliveries: 0, slots: 1, bytes: 0, from };
  const noSlot = answered ? judge(model, slot) : undefined;
  if (noSlot !== undefined) return noSlot;
  const fault = createInbox(model, to);
  if (fault !== undefined) return fault;
  const load = {
    inbox: to,
    deliveries: 1,
    slots: replyTo === to ? 1 : 0,
    bytes: body.length,
    from,
  };
  const refused = judge(model, load);
  if (refused !== undefined) return refused;
  arrive(model, load);
  const id = insert(model, from, draft, [to]);
  const expiresAt = model.clock.now() + model.settings.keyWindowMs;
  if (key !== null)
    model.state.keys.set(`${from ?? ""} ${key}`, {
      messageId: id,
      digest: digestOf(draft),
      expiresAt,
    });
  return { id };
}

/** Writes a message for each of `inboxes`: its id. */
export function insert(
  { state, clock }: Model,
  from: string | null,
  draft: Omit<ModelDraft, "to" | "key"> & { topic?: string },
  inboxes: readonly string[],
): number {
  const { body, priority, replyTo, delayMs, ttlMs, topic = null } = draft;
  const now = clock.now();
  const id = state.nextId;
  state.nextId += inboxes.length;
  const message: Message = {
    id,
    deliveries: inboxes.length,
    from,
    topic,
    replyTo,
    priority,
    sentAt: now,
    body,
  };
  state.messages.set(id, message);
  for (const [index, inbox] of inboxes.entries()) {
    state.inboxes.get(inbox)!.sent++;
    state.items.set(id + index, {
      id: id + index,
      messageId: id,
      inbox,
      state: delayMs > 0 ? "delayed" : "ready",
      owed: replyTo !== null,
      alone: false,
      attempt: 0,
      epoch: 0,
      receipt: null,
      holder: null,
      leaseTick: null,
      dueTick: null,
      dueAt: delayMs > 0 ? now + delayMs : null,
      expiresAt: draft.expiresAt ?? (ttlMs === null ? null : now + ttlMs),
      parkedBy: null,
    });
  }
  return id;
}

/** Counts a refusal that stands; nothing when its inbox went back with what created it. */
export function countRefusal({ state }: Model, { of, inbox, from }: Refused): void {
  const whose = of === "sender" ? state.senders.get(from!) : state.inboxes.get(inbox);
  if (whose !== undefined) whose.refused++;
}

/** Whether a message of a topic goes to who is subscribed to `pattern`. */
export function matches(pattern: string, topic: string): boolean {
  const words = topic.split(".");
  const wanted = pattern.split(".");
  const rest = wanted.indexOf(">");
  if (rest === -1 ? wanted.length !== words.length : words.length <= rest) return false;
  return wanted.every((word, at) => word === "*" || word === ">" || word === words[at]);
}

/** Publishes to all who are subscribed or to nobody; with `skipFull` to those who take it. */
export function publish(
  model: Model,
  from: string | null,
  { topic, body, skipFull }: { topic: string; body: string; skipFull: boolean },
): { id: number | null; deliveries: number } | Refused | "E_DRAINING" {
  if (isClosed(model)) return "E_DRAINING";
  const { state } = model;
  const subscribed = [...state.subscriptions.values()].filter((one) => matches(one.pattern, topic));
  const inboxes = [...new Set(subscribed.map(({ inbox }) => inbox))].toSorted();
  const takers: string[] = [];
  const refused: Refused[] = [];
  // It is one message by the rate of its sender, however many get it.
  let payer = rateOf(model, from) === null ? null : from;
  for (const inbox of inboxes) {
    const load = { inbox, deliveries: 1, slots: 0, bytes: body.length, from: payer };
    const one = judge(model, load);
    if (one === undefined) takers.push(inbox);
    else refused.push(one);
    if (one === undefined) payer = null;
  }
  const tooFast = refused.find(({ of }) => of === "sender");
  const first = tooFast ?? refused[0];
  if (first !== undefined && (!skipFull || tooFast !== undefined)) {
    countRefusal(model, first);
    return first;
  }
  for (const one of subscribed) if (refused.some(({ inbox }) => inbox === one.inbox)) one.skipped++;
  if (takers.length === 0) return { id: null, deliveries: 0 };
  for (const [index, inbox] of takers.entries())
    arrive(model, { inbox, deliveries: 1, slots: 0, bytes: 0, from: index === 0 ? from : null });
  const draft = { body, priority: 4, replyTo: null, delayMs: 0, ttlMs: null, topic };
  return { id: insert(model, from, draft, takers), deliveries: takers.length };
}

function digestOf({ to, body }: ModelDraft): string {
  return `${to} ${body}`;
}
