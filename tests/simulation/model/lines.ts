// All that the model knows as lines of text, a kind of thing each, in the words of `database.ts`.
import { type Model, bytesOf } from "./state.ts";

/** The kinds of things, and the lines of each. */
export type Kinds = Record<(typeof kindNames)[number], string>;

export const kindNames = [
  "deliveries",
  "ledger",
  "messages",
  "history",
  "dead",
  "attempts",
  "keys",
  "subscriptions",
  "senders",
  "drains",
] as const;

export function linesOf(model: Model): Kinds {
  const { state } = model;
  return {
    deliveries: inOrder(state.items, (item) => {
      const { id, messageId, inbox, owed, alone, attempt, epoch } = item;
      const { priority, body } = state.messages.get(messageId)!;
      const holder = item.state === "leased" ? item.holder : undefined;
      const what = `${id} ${messageId} ${inbox} ${item.state} ${priority} ${body.length} ${Number(owed)} ${Number(alone)}`;
      const claim = `${attempt} ${epoch} ${item.receipt ?? "-"} ${holder ?? "-"} ${item.leaseTick ?? "-"}`;
      const times = `${item.dueTick ?? "-"} ${item.dueAt ?? "-"} ${item.expiresAt ?? "-"}`;
      return `${what} ${claim} ${times} ${item.parkedBy === "run" ? 1 : "-"}`;
    }),
    ledger: ledgerLines(model),
    messages: inOrder(
      state.messages,
      ({ id, deliveries, from, topic, replyTo, priority, sentAt, body }) =>
        `${id} ${deliveries} ${from ?? "-"} ${topic ?? "-"} ${replyTo ?? "-"} ${priority} ${sentAt} ${body}`,
    ),
    history: inOrder(
      state.ended,
      ({ id, messageId, outcome, endedAt }) => `${id} ${messageId} ${outcome} ${endedAt}`,
    ),
    dead: inOrder(
      state.dead,
      ({ id, messageId, inbox, attempt, epoch, diedAt }) =>
        `${id} ${messageId} ${inbox} ${attempt} ${epoch} ${diedAt}`,
    ),
    attempts: state.attempts
      .toSorted((a, b) => a.id - b.id || a.epoch - b.epoch)
      .map(({ id, epoch, outcome }) => `${id} ${epoch} ${outcome}`)
      .join("\n"),
    keys: [...state.keys]
      .map(([key, { messageId, expiresAt }]) => `${key} ${messageId} ${expiresAt}`)
      .toSorted()
      .join("\n"),
    subscriptions: [...state.subscriptions.values()]
      .map(({ pattern, inbox, skipped }) => `${pattern} ${inbox} ${skipped}`)
      .toSorted()
      .join("\n"),
    senders: [...state.senders]
      .map(
        ([name, { perS, burst, arrivalTick, refused }]) =>
          `${name} ${perS} ${burst} ${later(model, arrivalTick) ?? "-"} ${refused}`,
      )
      .toSorted()
      .join("\n"),
    drains: [
      ...(state.drain === null ? [] : [`drain ${state.drain.parked ?? "-"}`]),
      ...(state.stopping ? ["stop -"] : []),
    ].join("\n"),
  };
}

const nothing = { ready: 0, delayed: 0, leased: 0, parked: 0, reserved: 0, bytes: 0 };

/** An account for each inbox, counted anew from what lies there. */
function ledgerLines(model: Model): string {
  const { state } = model;
  const counts = new Map<string, typeof nothing>();
  for (const name of state.inboxes.keys()) counts.set(name, { ...nothing });
  for (const item of state.items.values()) {
    const account = counts.get(item.inbox);
    if (account !== undefined) {
      account[item.state]++;
      if (item.state !== "parked") account.bytes += bytesOf(model, item);
    }
    if (!item.owed) continue;
    const owing = counts.get(state.messages.get(item.messageId)!.replyTo!);
    if (owing !== undefined) owing.reserved++;
  }
  return [...state.inboxes]
    .map(([name, inbox]) => {
      const { sent, movedIn, acked, dead, expired, purged, movedOut, refused, rate } = inbox;
      const { ready, delayed, leased, parked, reserved, bytes } = counts.get(name)!;
      const due = later(model, rate?.arrivalTick ?? null);
      const limits = `${inbox.cap ?? "-"} ${rate?.perS ?? "-"} ${rate?.burst ?? "-"} ${due ?? "-"}`;
      const lies = `${ready} ${delayed} ${leased} ${parked} ${reserved} ${bytes}`;
      const ended = `${acked} ${dead} ${expired} ${purged} ${movedOut} ${refused}`;
      const kind = `${Number(inbox.temporary)} ${inbox.expiresAt ?? "-"}`;
      return `${name} ${kind} ${limits} ${lies} ${sent} ${movedIn} ${ended}`;
    })
    .toSorted()
    .join("\n");
}

/** What is due now says no more than nothing does. */
function later({ clock }: Model, tick: number | null): number | null {
  return tick !== null && tick > clock.tick() ? tick : null;
}

function inOrder<One>(all: ReadonlyMap<number, One>, lineOf: (one: One) => string): string {
  const lines: string[] = [];
  let last = 0;
  for (const [id, one] of all) {
    // What comes back from the dead stands behind what came later.
    if (id < last) return inOrder(new Map([...all].toSorted(([a], [b]) => a - b)), lineOf);
    last = id;
    lines.push(lineOf(one));
  }
  return lines.join("\n");
}
