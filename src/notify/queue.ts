// A queue: one notice after the other goes through a channel, beside whoever has something to tell, who never waits.
import { sleep } from "../core/clock.ts";
import { isSkepError } from "../core/errors.ts";
import type { Channel, Notice } from "./notice.ts";

/** What became of a notice. */
export interface Outcome {
  channel: string;
  what: "sent" | "failed" | "dropped";
  /** Of what kind the failure was, in words that are the same each time; null when it was sent. */
  why: string | null;
  /** What was said of this one besides. */
  detail: string | null;
}

export interface Queue {
  /** Takes a notice, and has the oldest that waits dropped when there are too many. */
  put(notice: Notice): void;
  /** Takes no more, gives what is there `graceMs`, then ends it. Resolves when nothing runs any more. */
  end(graceMs: number): Promise<void>;
}

/** A queue before `channel` in which `waitingMax` notices can wait; `hear` gets what becomes of each. */
export function openQueue(
  channel: Channel,
  { waitingMax, hear }: { waitingMax: number; hear(outcome: Outcome): void },
): Queue {
  const over = new AbortController();
  const waiting: Notice[] = [];
  let isEnding = false;
  let working: Promise<void> | undefined;

  return {
    put(notice) {
      if (isEnding) return drop(ended);
      waiting.push(notice);
      if (waiting.length > waitingMax) {
        waiting.shift();
        drop("those before it took too long");
      }
      working ??= work();
    },
    async end(graceMs) {
      isEnding = true;
      const waited = new AbortController();
      await Promise.race([working, sleep(graceMs, waited.signal)]);
      waited.abort();
      over.abort();
      await working;
      for (const _ of waiting.splice(0)) drop(ended);
    },
  };

  async function work(): Promise<void> {
    // Whoever puts something in has come back first.
    await Promise.resolve();
    while (waiting.length > 0 && !over.signal.aborted)
      hear(await tellThrough(channel, waiting.shift()!, over.signal));
    working = undefined;
  }

  function drop(why: string): void {
    hear({ channel: channel.name, what: "dropped", why, detail: null });
  }
}

/** Has `channel` tell of `notice` now: what became of it. */
export async function tellThrough(
  channel: Channel,
  notice: Notice,
  signal: AbortSignal,
): Promise<Outcome> {
  const { name } = channel;
  try {
    await channel.deliver(notice, signal);
    return { channel: name, what: "sent", why: null, detail: null };
  } catch (error) {
    if (!isSkepError(error)) throw error;
    const { message: why, hint: detail = null } = error;
    return { channel: name, what: "failed", why, detail };
  }
}

const ended = "skep ended before its turn";
