// How the inboxes stand, as families of samples. Exact, from the books of the bus.
import type { Family } from "./exposition.ts";
import { type Pairs, counter, gauge } from "./family.ts";

/** How one inbox stands: deliveries in it and ended there, bytes, senders and receivers that wait. */
export interface InboxFigures {
  inbox: string;
  /** Since when there is one. */
  createdAt: number;
  ready: number;
  delayed: number;
  leased: number;
  parked: number;
  reserved: number;
  sent: number;
  acked: number;
  dead: number;
  expired: number;
  purged: number;
  movedIn: number;
  movedOut: number;
  bytes: number;
  refused: number;
  waitingSenders: number;
  waitingReceivers: number;
  oldestReadyMs: number | null;
  /** How many deliveries it holds at most. */
  cap: number;
}

/** Families with samples of each of `inboxes`. */
export function inboxFamilies(inboxes: readonly InboxFigures[]): Family[] {
  const each = (value: (one: InboxFigures) => number): Pairs =>
    inboxes.map((one) => [{ inbox: one.inbox }, value(one), one.createdAt]);
  const by = (label: string, values: (one: InboxFigures) => Record<string, number>): Pairs =>
    inboxes.flatMap((one) =>
      Object.entries(values(one)).map(
        ([word, count]) => [{ inbox: one.inbox, [label]: word }, count, one.createdAt] as const,
      ),
    );
  return [
    counter(
      "skep_inbox_sent",
      "Deliveries that were sent to it.",
      each(({ sent }) => sent),
    ),
    counter(
      "skep_inbox_moved_in",
      "Deliveries that came from another inbox.",
      each(({ movedIn }) => movedIn),
    ),
    counter(
      "skep_inbox_ended",
      "Deliveries that ended there, or left for another inbox. Dead ones are apart, for a retry brings them back.",
      by("outcome", ({ acked, expired, purged, movedOut }) => ({
        acked,
        expired,
        purged,
        moved: movedOut,
      })),
    ),
    gauge(
      "skep_inbox_dead",
      "Deliveries that were given up, and not retried.",
      each(({ dead }) => dead),
    ),
    gauge(
      "skep_inbox_deliveries",
      "Deliveries that lie there; leased is in flight.",
      by("state", ({ ready, delayed, leased, parked }) => ({ ready, delayed, leased, parked })),
    ),
    gauge(
      "skep_inbox_reserved",
      "Slots kept for answers.",
      each(({ reserved }) => reserved),
    ),
    gauge(
      "skep_inbox_capacity",
      "Deliveries that it holds at most.",
      each(({ cap }) => cap),
    ),
    {
      ...gauge(
        "skep_inbox_utilization_ratio",
        "How much of its capacity is taken.",
        each((one) => (one.ready + one.delayed + one.leased + one.reserved) / one.cap),
      ),
      unit: "ratio",
    },
    {
      ...gauge(
        "skep_inbox_size_bytes",
        "Bodies that lie there.",
        each(({ bytes }) => bytes),
      ),
      unit: "bytes",
    },
    {
      ...gauge(
        "skep_inbox_oldest_ready_age_seconds",
        "How long ago the oldest ready delivery was sent; 0 when none is ready.",
        each(({ oldestReadyMs }) => (oldestReadyMs ?? 0) / 1_000),
      ),
      unit: "seconds",
    },
    counter(
      "skep_inbox_refused",
      "Sends that found it full or came too fast.",
      each(({ refused }) => refused),
    ),
    gauge(
      "skep_inbox_waiting",
      "Processes that wait: senders for room or their turn, receivers for mail.",
      by("who", ({ waitingSenders: senders, waitingReceivers: receivers }) => ({
        senders,
        receivers,
      })),
    ),
  ];
}
