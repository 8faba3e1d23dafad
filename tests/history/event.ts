// The record of a run: what every client asked of the bus and what it was told, one event to a line.

/** One line of a record. A call is an `invoke` and, unless its client was killed, one of the three ends with the same `n`. */
export interface Event {
  client: string;
  /** Counts the calls of the client. */
  n: number;
  /** Milliseconds of the machine's monotonic clock, the same for all processes. */
  t: number;
  /** `fail`: nothing was done; `info`: nobody knows whether it was done; `fault`: something that was done to a client. */
  type: "invoke" | "ok" | "fail" | "info" | "fault";
  op: string;
  args?: Args;
  result?: Result;
}

/** What a call asks for; each part that is there is asked for in the same transaction. */
export interface Args {
  sends?: Sending[];
  /** Whether all of `sends` go or none. */
  atomic?: boolean;
  /** What to do when an inbox is full, and for how long. */
  onFull?: "wait" | "fail";
  timeoutMs?: number;
  claim?: { inbox: string; max: number; leaseMs: number; waitMs: number };
  /** Whether what is claimed is acked right away. */
  acksAll?: boolean;
  acks?: string[];
  nack?: string;
  extend?: string;
  /** How long a nacked delivery rests, or a lease is extended by. */
  forMs?: number;
  /** What is purged, retried, dropped or handed over, and to whom. */
  inbox?: string;
  to?: string;
  /** The holder whose leases are handed back. */
  holder?: string;
  /** To whom a fault was done. */
  clients?: string[];
}

/** A message as its sender means it. */
export interface Sending {
  uid: string;
  /** The inbox; null where the bus knows it: an answer. */
  to: string | null;
  bytes: number;
  /** Who sends, when that is not the client itself. */
  from?: string;
  topic?: string;
  key?: string;
  priority?: number;
  delayMs?: number;
  ttlMs?: number;
  replyTo?: string;
  /** Whether it answers what is acked with it. */
  isReply?: boolean;
}

/** What a call was told. */
export interface Result {
  /** For each of `sends` its id, or the code of its refusal. */
  sent?: (number | string)[];
  /** The places in `sent` of what was sent before, by its key. */
  again?: number[];
  got?: Got[];
  /** What was accepted of `acks`; `again` when it had been before. */
  acked?: { receipt: string; again?: true }[];
  /** How many deliveries were purged, retried, dropped, moved or resumed. */
  count?: number;
  /** What a drain says of itself: how many it parked, and whether the sums hold. */
  parked?: number;
  holds?: boolean;
  /** Whether there was nothing to resume. */
  already?: boolean;
  /** How many deliveries there are in each state. */
  live?: Record<"ready" | "delayed" | "leased" | "parked", number>;
  /** Why it failed. */
  code?: string;
  message?: string;
}

/** A delivery as its claimer sees it. */
export interface Got {
  receipt: string;
  /** The message's id. */
  id: number;
  /** Null when its body is none that anybody sent. */
  uid: string | null;
  bytes: number;
  from: string | null;
  inbox: string;
  priority: number;
  attempt: number;
  replyTo: string | null;
}
