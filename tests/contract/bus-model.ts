// The bus as a handful of arrays: slow, in memory, alone in the world, and plain enough to be seen to be right.
import type { BusSettings } from "../../src/bus/message.ts";
import type { Clock } from "../../src/core/clock.ts";

export type Ending = "nacked" | "expired" | "died" | "returned";
export type State = "ready" | "delayed" | "leased" | "parked";

export interface ModelDraft {
  to: string;
  bytes: number;
  priority: number;
  replyTo: string | null;
  delayMs: number;
  /** Null: it is wanted for good. */
  ttlMs: number | null;
}

/** One delivery and its message. */
export interface Item extends ModelDraft {
  id: number;
  from: string | null;
  state: State;
  attempt: number;
  epoch: number;
  alone: boolean;
  /** Whether its answer has a slot. */
  owed: boolean;
  /** The receipt that settles it; undefined when none does. */
  receipt: string | undefined;
  holder: string;
  leaseTick: number;
  /** Its rest after a failure is over then; infinite where there is none. */
  dueTick: number;
  /** Its sender's delay is over then; the same. */
  dueAt: number;
  /** Nobody wants it any more then; the same. */
  expiresAt: number;
  parkedBy: ParkedBy;
}

/** Who brings it back: the next run, or whoever resumes. */
export type ParkedBy = "run" | "drain";

export type BusModel = ReturnType<typeof busModel>;

const never = Number.POSITIVE_INFINITY;

type Refusal = "E_DRAINING" | "E_FULL" | "E_STALE" | "E_NOT_FOUND";

/** A bus in memory that does what the real one promises; `inboxes` are there from the beginning. */
export function busModel(settings: BusSettings, clock: Clock, inboxes: readonly string[]) {
  let items: Item[] = [];
  let nextId = 1;
  let closed = false;
  let ended = new Map(inboxes.map((inbox) => [inbox, { acked: 0, dead: 0, expired: 0 }]));
  const ackedReceipts = new Set<string>();

  const lying = (inbox: string, state: State) =>
    items.filter((item) => item.to === inbox && item.state === state);
  const reserved = (inbox: string) =>
    items.filter((item) => item.owed && item.replyTo === inbox).length;
  const weight = (inbox: string) =>
    items
      .filter((item) => item.to === inbox && item.state !== "parked")
      .reduce((sum, item) => sum + item.bytes, 0);
  const taken = (inbox: string) =>
    items.filter((item) => item.to === inbox && item.state !== "parked").length + reserved(inbox);
  const byReceipt = (receipt: string) => items.find((item) => item.receipt === receipt);
  const inOrder = (a: Item, b: Item) => b.priority - a.priority || a.id - b.id;

  function insert(from: string | null, draft: ModelDraft): number {
    const id = nextId++;
    const nobody = { receipt: undefined, holder: "", leaseTick: 0 };
    const fresh = { attempt: 0, epoch: 0, alone: false } as const;
    const { delayMs, ttlMs, replyTo } = draft;
    const now = clock.now();
    items.push({
      ...draft,
      ...fresh,
      ...nobody,
      id,
      from,
      owed: replyTo !== null,
      parkedBy: "run",
      state: delayMs > 0 ? "delayed" : "ready",
      dueTick: never,
      dueAt: delayMs > 0 ? now + delayMs : never,
      expiresAt: ttlMs === null ? never : now + ttlMs,
    });
    return id;
  }

  const snapshot = () => structuredClone({ items, nextId, ended });
  const restore = (before: ReturnType<typeof snapshot>) => {
    ({ items, nextId, ended } = before);
  };

  /** Sends. What was done to make room is taken back when a request is refused, unless others were sent with it. */
  function send(from: string | null, draft: ModelDraft, withOthers = false): number | Refusal {
    const { to, replyTo, bytes } = draft;
    const before = snapshot();
    const own = replyTo === to ? 2 : 1;
    const fits = () =>
      taken(to) + own <= settings.inboxCap && weight(to) + bytes <= settings.inboxBytes;
    const takesAnswer = () =>
      replyTo === null || replyTo === to || taken(replyTo) + 1 <= settings.inboxCap;
    if (!takesAnswer()) makeRoom(replyTo!);
    if (takesAnswer() && !fits()) makeRoom(to);
    if (takesAnswer() && fits()) return insert(from, draft);
    if (!withOthers && replyTo !== null) restore(before);
    return "E_FULL";
  }

  const isOverdue = ({ expiresAt }: Item) => expiresAt <= clock.now();

  function expire(gone: readonly Item[]): void {
    for (const item of gone) ended.get(item.to)!.expired++;
    items = items.filter((item) => !gone.includes(item));
  }

  function expireOverdue(inbox: string): void {
    expire([...lying(inbox, "ready"), ...lying(inbox, "delayed")].filter(isOverdue));
  }

  function makeRoom(inbox: string): void {
    sweep(inbox);
    expireOverdue(inbox);
  }

  function giveBack(item: Item, ending: Ending, delayMs: number): State | "dead" | "expired" {
    if (ending !== "returned" && item.attempt >= settings.maxAttempts) {
      items = items.filter((other) => other !== item);
      ended.get(item.to)!.dead++;
      return "dead";
    }
    if (isOverdue(item)) {
      expire([item]);
      return "expired";
    }
    item.state = delayMs > 0 ? "delayed" : "ready";
    item.dueTick = delayMs > 0 ? clock.tick() + delayMs : never;
    if (ending === "returned") item.attempt--;
    if (ending === "died" || ending === "expired") item.alone = true;
    if (ending !== "expired") item.receipt = undefined;
    return item.state;
  }

  function makeReady(item: Item): void {
    Object.assign(item, { state: "ready", dueTick: never });
  }

  function sweep(inbox: string): void {
    for (const item of lying(inbox, "leased"))
      if (item.leaseTick <= clock.tick()) giveBack(item, "expired", 0);
    for (const item of lying(inbox, "delayed"))
      if (item.dueTick <= clock.tick() || item.dueAt <= clock.now()) makeReady(item);
  }

  return {
    send: (from: string | null, draft: ModelDraft, withOthers = false): number | Refusal =>
      closed ? "E_DRAINING" : send(from, draft, withOthers),

    isClosed: () => closed,

    /** Claims; the receipts are for the caller to note on what was claimed. */
    claim(inbox: string, holder: string, max: number, leaseMs: number): Item[] {
      sweep(inbox);
      const first = () => lying(inbox, "ready").toSorted(inOrder).slice(0, max);
      if (first().some(isOverdue)) expireOverdue(inbox);
      const heads = first();
      const alone = heads.findIndex((item) => item.alone);
      const claimed = alone === -1 ? heads : heads.slice(0, Math.max(1, alone));
      for (const item of claimed) {
        item.state = "leased";
        item.dueAt = never;
        item.attempt++;
        item.epoch++;
        item.holder = holder;
        item.leaseTick = clock.tick() + leaseMs;
      }
      return claimed;
    },

    /** Acks, with an answer or without, and sends: the ids of what was sent, in order. */
    ack(receipt: string, answer: boolean, drafts: ModelDraft[]): number[] | "already" | Refusal {
      const item = byReceipt(receipt);
      if (item === undefined) return ackedReceipts.has(receipt) ? "already" : "E_STALE";
      const before = snapshot();
      items = items.filter((other) => other !== item);
      const to = item.replyTo ?? item.from;
      const sent: (number | Refusal)[] = [];
      if (answer && to === null) sent.push("E_NOT_FOUND");
      else if (answer) {
        const { priority } = item;
        const reply = { to: to!, bytes: 1, priority, replyTo: null, delayMs: 0, ttlMs: null };
        sent.push(item.owed ? insert(null, reply) : send(null, reply));
      }
      for (const draft of drafts) sent.push(send(null, draft));
      const refusal = sent.find((one) => typeof one === "string");
      if (refusal !== undefined) {
        restore(before);
        return refusal;
      }
      ended.get(item.to)!.acked++;
      ackedReceipts.add(receipt);
      return sent as number[];
    },

    /** Acks all of `receipts` or none, without answers. */
    ackAll(receipts: string[]): ("acked" | "already")[] | "E_STALE" {
      if (receipts.some((one) => byReceipt(one) === undefined && !ackedReceipts.has(one)))
        return "E_STALE";
      return receipts.map((one) => (this.ack(one, false, []) === "already" ? "already" : "acked"));
    },

    nack(receipt: string, delayMs: number): State | "dead" | "expired" | Refusal {
      const item = byReceipt(receipt);
      return item?.state === "leased" ? giveBack(item, "nacked", delayMs) : "E_STALE";
    },

    extend(receipt: string, leaseMs: number): "extended" | Refusal {
      const item = byReceipt(receipt);
      if (item?.state !== "leased") return "E_STALE";
      item.leaseTick = clock.tick() + leaseMs;
      return "extended";
    },

    handBack(holder: string, ending: "died" | "returned"): number {
      const held = items.filter((item) => item.state === "leased" && item.holder === holder);
      for (const item of held) giveBack(item, ending, 0);
      return held.length;
    },

    /** Moves what lies in one inbox to another, and with it the answers that are owed to the first. */
    handover(from: string, to: string): { moved: number; returned: number } {
      const held = lying(from, "leased");
      for (const item of held) giveBack(item, "returned", 0);
      const moved = items.filter((item) => item.to === from);
      for (const item of moved)
        Object.assign(item, { to, epoch: item.epoch + 1, receipt: undefined });
      for (const item of items) if (item.owed && item.replyTo === from) item.replyTo = to;
      return { moved: moved.length, returned: held.length };
    },

    park(by: ParkedBy = "run"): number {
      for (const item of items) if (item.state === "leased") giveBack(item, "returned", 0);
      const loose = items.filter((item) => item.state !== "parked");
      for (const item of loose)
        Object.assign(item, { state: "parked", parkedBy: by, receipt: undefined, dueTick: never });
      return loose.length;
    },

    unpark(by: ParkedBy = "run"): number {
      const parked = items.filter((item) => item.state === "parked" && item.parkedBy === by);
      for (const item of parked) {
        if (item.dueAt !== never && item.dueAt > clock.now()) item.state = "delayed";
        else makeReady(item);
      }
      return parked.length;
    },

    /** Closes the bus to claims and sends, and parks at once: how many. Closed already, it does nothing. */
    drain(): number {
      if (closed) return 0;
      closed = true;
      return this.park("drain");
    },

    resume(): number {
      if (!closed) return 0;
      closed = false;
      return this.unpark("drain");
    },

    reboot(): void {
      for (const item of items) {
        if (item.state === "leased") giveBack(item, "returned", 0);
        if (item.state === "delayed" && item.dueAt === never) makeReady(item);
      }
    },

    /** The ledger as it has to be, by inbox. */
    ledger: () =>
      inboxes.map((inbox) => ({
        inbox,
        ready: lying(inbox, "ready").length,
        delayed: lying(inbox, "delayed").length,
        leased: lying(inbox, "leased").length,
        parked: lying(inbox, "parked").length,
        reserved: reserved(inbox),
        bytes: weight(inbox),
        ...ended.get(inbox)!,
      })),
  };
}
