// What the model of a bus knows: plain data, and nothing of how the bus keeps it.
import type { BusSettings } from "../../../src/bus/message.ts";
import type { Clock } from "../../../src/core/clock.ts";

export type LiveState = "ready" | "delayed" | "leased" | "parked";

/** Who brings back what is parked: the next run, or whoever resumes. */
export type ParkedBy = "run" | "drain";

export interface Message {
  id: number;
  /** How many ids it took. */
  deliveries: number;
  from: string | null;
  topic: string | null;
  replyTo: string | null;
  priority: number;
  sentAt: number;
  body: string;
}

/** A delivery that lives. Times that there are not are null. */
export interface Item {
  id: number;
  messageId: number;
  inbox: string;
  state: LiveState;
  /** Whether its answer has a slot. */
  owed: boolean;
  alone: boolean;
  attempt: number;
  epoch: number;
  /** The receipt that settles it; null when none does. */
  receipt: string | null;
  holder: string | null;
  leaseTick: number | null;
  dueTick: number | null;
  dueAt: number | null;
  expiresAt: number | null;
  parkedBy: ParkedBy | null;
}

export interface Ended {
  id: number;
  messageId: number;
  outcome: "acked" | "expired" | "purged";
  /** Of the ack that was accepted. */
  receipt: string | null;
  endedAt: number;
}

export interface Dead {
  id: number;
  messageId: number;
  inbox: string;
  attempt: number;
  epoch: number;
  diedAt: number;
}

export interface Attempt {
  id: number;
  epoch: number;
  outcome: "nacked" | "expired" | "died" | "returned" | "retried" | "moved";
}

export interface Key {
  messageId: number;
  digest: string;
  expiresAt: number;
}

export interface Rate {
  perS: number;
  burst: number;
  arrivalTick: number | null;
}

export interface Inbox {
  temporary: boolean;
  /** A temporary one may go then. */
  expiresAt: number | null;
  cap: number | null;
  rate: Rate | null;
  sent: number;
  movedIn: number;
  acked: number;
  dead: number;
  expired: number;
  purged: number;
  movedOut: number;
  refused: number;
}

export interface Drain {
  deadlineTick: number;
  /** How many were parked; null until then. */
  parked: number | null;
}

export interface State {
  nextId: number;
  messages: Map<number, Message>;
  items: Map<number, Item>;
  ended: Map<number, Ended>;
  dead: Map<number, Dead>;
  attempts: Attempt[];
  /** By sender and key. */
  keys: Map<string, Key>;
  inboxes: Map<string, Inbox>;
  senders: Map<string, Rate & { refused: number }>;
  /** By pattern and inbox. */
  subscriptions: Map<string, { pattern: string; inbox: string; skipped: number }>;
  drain: Drain | null;
  /** Whether a swarm is on its way down. */
  stopping: boolean;
}

export interface Model {
  settings: BusSettings;
  clock: Clock;
  state: State;
}

/** Why the bus refuses, by the code of the error. */
export type Refusal =
  | "E_BUSY"
  | "E_CONFLICT"
  | "E_DRAINING"
  | "E_EMPTY"
  | "E_FULL"
  | "E_NOT_FOUND"
  | "E_RATE"
  | "E_STALE";

/** A bus that was all but emptied in an earlier life: its newest message, `newestId`, is still there. */
export function newModel(settings: BusSettings, clock: Clock, newestId: number): Model {
  const newest: Message = {
    id: newestId,
    deliveries: 1,
    from: null,
    topic: null,
    replyTo: null,
    priority: 4,
    sentAt: clock.now(),
    body: "",
  };
  const state: State = {
    nextId: newestId + 1,
    messages: new Map([[newestId, newest]]),
    items: new Map(),
    ended: new Map(),
    dead: new Map(),
    attempts: [],
    keys: new Map(),
    inboxes: new Map(),
    senders: new Map(),
    subscriptions: new Map(),
    drain: null,
    stopping: false,
  };
  return { settings, clock, state };
}

/** The same state once more, for what is taken back. */
export function copyOf(state: State): State {
  return {
    ...state,
    messages: copyEach(state.messages),
    items: copyEach(state.items),
    ended: new Map(state.ended),
    dead: new Map(state.dead),
    attempts: [...state.attempts],
    keys: new Map(state.keys),
    inboxes: new Map(
      [...state.inboxes].map(([name, inbox]) => [
        name,
        { ...inbox, rate: inbox.rate && { ...inbox.rate } },
      ]),
    ),
    senders: copyEach(state.senders),
    subscriptions: copyEach(state.subscriptions),
    drain: state.drain && { ...state.drain },
  };
}

function copyEach<Key, Value extends object>(map: Map<Key, Value>): Map<Key, Value> {
  return new Map([...map].map(([key, value]) => [key, { ...value }]));
}

/** Those that lie in `inbox` in `state`, in the order they were sent. */
export function lying({ state }: Model, inbox: string, is: LiveState): Item[] {
  const found: Item[] = [];
  for (const item of state.items.values())
    if (item.inbox === inbox && item.state === is) found.push(item);
  return found.toSorted((a, b) => a.id - b.id);
}

/** How many bytes the body of `item` has. */
export function bytesOf({ state }: Model, { messageId }: { messageId: number }): number {
  return state.messages.get(messageId)!.body.length;
}

/** The places that are taken in `inbox`, with the slots for answers, and the bytes that lie there. */
export function loadOf(model: Model, inbox: string): { taken: number; bytes: number } {
  let taken = 0;
  let bytes = 0;
  for (const item of model.state.items.values()) {
    if (item.owed && model.state.messages.get(item.messageId)!.replyTo === inbox) taken++;
    if (item.inbox !== inbox || item.state === "parked") continue;
    taken++;
    bytes += bytesOf(model, item);
  }
  return { taken, bytes };
}

/** Whether the bus takes no claims and no messages. */
export function isClosed({ state }: Model): boolean {
  return state.drain !== null || state.stopping;
}

/** Creates `inbox` unless it is there; E_NOT_FOUND for the temporary one of a request. */
export function createInbox(
  { state }: Model,
  inbox: string,
  goneAt: number | null = null,
): Refusal | undefined {
  const found = state.inboxes.get(inbox);
  if (found !== undefined) return found.temporary ? "E_NOT_FOUND" : undefined;
  const nothing = { sent: 0, movedIn: 0, acked: 0, dead: 0, expired: 0, purged: 0, movedOut: 0 };
  state.inboxes.set(inbox, {
    temporary: goneAt !== null,
    expiresAt: goneAt,
    cap: null,
    rate: null,
    ...nothing,
    refused: 0,
  });
  return undefined;
}
