// A refusal for now: why an inbox did not take something, in words, and counted.
import { formatDuration } from "../core/durations.ts";
import { SkepError } from "../core/errors.ts";
import type { WriteTx } from "../store/store.ts";
import type { Load } from "./ledger.ts";
import { type Rate, formatRate } from "./rate.ts";

export interface Refused {
  inbox: string;
  /** What the message was sent to, when that means several inboxes: none of them got it. */
  address?: string | undefined;
  load: Load;
  /** Who sends; null when it does not say. */
  from: string | null;
  /** No room; room that others wait for; more than the rate of the inbox, or of the sender, allows. */
  why: "full" | "line" | "inbox rate" | "sender rate";
  /** Whether waiting is in vain: it is more than there can ever be room for. */
  never: boolean;
  rate?: Rate | undefined;
  /** By a rate: when it may come, and what is due next once it has; null when its turn is taken already. */
  turn?: { waitMs: number; arrivalTick: number | null } | undefined;
}

/** The error for whoever does not wait: E_FULL or E_RATE. */
export function refusalError(refused: Refused): SkepError {
  const error = errorOfOne(refused);
  return refused.address === undefined
    ? error
    : errorOfAll(error, `nobody got what was sent to ${refused.address}`);
}

/** The same error when it is about several inboxes, with what became of the message. */
export function errorOfAll(
  { code, message, hint, retryAfterMs }: SkepError,
  what: string,
): SkepError {
  return new SkepError(code, `${message}; ${what}`, { hint, retryAfterMs });
}

function errorOfOne(refused: Refused): SkepError {
  const { inbox, why, never } = refused;
  if (why === "inbox rate" || why === "sender rate") return rateError(refused);
  if (never)
    return new SkepError("E_FULL", `inbox ${inbox} can never take that at once`, {
      hint: `Send less at a time, or see skep limits show ${inbox}.`,
    });
  return new SkepError("E_FULL", fullWords(refused), {
    hint: "Its receivers have to catch up: try again, wait longer with --timeout, or see skep inboxes.",
    retryAfterMs: 250,
  });
}

/** Counts refusals that stand, each with the inbox or the sender whose limit it was. */
export async function countRefusals(tx: WriteTx, all: readonly Refused[]): Promise<void> {
  const counts = new Map<string, { ofSender: boolean; name: string; count: number }>();
  for (const { inbox, from, why } of all) {
    const ofSender = why === "sender rate";
    const name = ofSender ? from! : inbox;
    const key = `${ofSender} ${name}`;
    counts.set(key, { ofSender, name, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  for (const { ofSender, name, count } of counts.values())
    await tx.run(
      ofSender
        ? "update senders set refused = refused + $count where name = $name"
        : "update ledger set refused = refused + $count where inbox = $name",
      { name, count },
    );
}

function fullWords({ inbox, load, why }: Refused): string {
  if (why === "line") return `inbox ${inbox} keeps its room for those who wait for it`;
  return load.deliveries === 0
    ? `inbox ${inbox} has no room for the answer`
    : `inbox ${inbox} is full`;
}

function rateError({ inbox, from, why, load, never, rate, turn }: Refused): SkepError {
  const { perS, burst } = rate!;
  const [who, show] =
    why === "sender rate"
      ? [`${from} may send`, `skep limits show ${from}`]
      : [`inbox ${inbox} takes`, `skep limits show ${inbox}`];
  if (never)
    return new SkepError(
      "E_RATE",
      `${load.deliveries} messages at once are too many: ${who} ${burst} at once, and ${formatRate(perS)}`,
      { hint: `Send fewer at a time, or see ${show}.` },
    );
  const { waitMs } = turn!;
  return new SkepError("E_RATE", `too fast: ${who} ${formatRate(perS)}`, {
    hint: `Try again in ${formatDuration(waitMs)}, wait for it with --on-full wait and --timeout, or see ${show}.`,
    retryAfterMs: waitMs,
  });
}
