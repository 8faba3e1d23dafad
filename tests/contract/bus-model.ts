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
  dueTick: number;
}

export type BusModel = ReturnType<typeof busModel>;

type Refusal = "E_FULL" | "E_STALE" | "E_NOT_FOUND";

/** A bus in memory that does what the real one promises; `inboxes` are there from the beginning. */
export function busModel(settings: BusSettings, clock: Clock, inboxes: readonly string[]) {
  let items: Item[] = [];
  let nextId = 1;
  const ended = new Map(inboxes.map((inbox) => [inbox, { acked: 0, dead: 0 }]));
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
    const nobody = { receipt: undefined, holder: "", leaseTick: 0, dueTick: 0 };
    const fresh = { state: "ready", attempt: 0, epoch: 0, alone: false } as const;
    items.push({ ...draft, ...fresh, ...nobody, id, from, owed: draft.replyTo !== null });
    return id;
  }

  function send(from: string | null, draft: ModelDraft): number | Refusal {
    const { to, replyTo, bytes } = draft;
    const own = replyTo === to ? 2 : 1;
    if (taken(to) + own > settings.inboxCap) return "E_FULL";
    if (weight(to) + bytes > settings.inboxBytes) return "E_FULL";
    if (replyTo !== null && replyTo !== to && taken(replyTo) + 1 > settings.inboxCap)
      return "E_FULL";
    return insert(from, draft);
  }

  function giveBack(item: Item, ending: Ending, delayMs: number): State | "dead" {
    if (ending !== "returned" && item.attempt >= settings.maxAttempts) {
      items = items.filter((other) => other !== item);
      ended.get(item.to)!.dead++;
      return "dead";
    }
    item.state = delayMs > 0 ? "delayed" : "ready";
    item.dueTick = clock.tick() + delayMs;
    if (ending === "returned") item.attempt--;
    if (ending === "died" || ending === "expired") item.alone = true;
    if (ending !== "expired") item.receipt = undefined;
    return item.state;
  }

  function sweep(inbox: string): void {
    for (const item of lying(inbox, "leased"))
      if (item.leaseTick <= clock.tick()) giveBack(item, "expired", 0);
    for (const item of lying(inbox, "delayed"))
      if (item.dueTick <= clock.tick()) item.state = "ready";
  }

  return {
    send,

    /** Claims; the receipts are for the caller to note on what was claimed. */
    claim(inbox: string, holder: string, max: number, leaseMs: number): Item[] {
      sweep(inbox);
      const heads = lying(inbox, "ready").toSorted(inOrder).slice(0, max);
      const alone = heads.findIndex((item) => item.alone);
      const claimed = alone === -1 ? heads : heads.slice(0, Math.max(1, alone));
      for (const item of claimed) {
        item.state = "leased";
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
      const [itemsBefore, nextIdBefore] = [items, nextId];
      items = items.filter((other) => other !== item);
      const to = item.replyTo ?? item.from;
      const sent: (number | Refusal)[] = [];
      if (answer && to === null) sent.push("E_NOT_FOUND");
      else if (answer) {
        const reply = { to: to!, bytes: 1, priority: item.priority, replyTo: null };
        sent.push(item.owed ? insert(null, reply) : send(null, reply));
      }
      for (const draft of drafts) sent.push(send(null, draft));
      const refusal = sent.find((one) => typeof one === "string");
      if (refusal !== undefined) {
        [items, nextId] = [itemsBefore, nextIdBefore];
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

    nack(receipt: string, delayMs: number): State | "dead" | Refusal {
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

    park(): number {
      const loose = items.filter((item) => item.state !== "parked");
      for (const item of loose) {
        if (item.state === "leased") giveBack(item, "returned", 0);
        item.receipt = undefined;
        item.state = "parked";
      }
      return loose.length;
    },

    unpark(): number {
      const parked = items.filter((item) => item.state === "parked");
      for (const item of parked) item.state = "ready";
      return parked.length;
    },

    reboot(): void {
      for (const item of items) {
        if (item.state === "leased") giveBack(item, "returned", 0);
        if (item.state === "delayed") item.state = "ready";
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
