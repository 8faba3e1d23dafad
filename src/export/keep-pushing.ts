// Keep pushing: one push after the other as long as a swarm is up. What goes wrong is told, and stops nothing.
import { elapsedMs, sleep } from "../core/clock.ts";
import { isSkepError } from "../core/errors.ts";
import type { OtlpBody } from "./otlp.ts";
import { type FaultKind, type Patience, type Pushed, type Receiver, push } from "./push.ts";

/** What became of a push: what went through, and why the rest did not. */
export interface Told extends Omit<Pushed, "fault"> {
  fault: { kind: FaultKind | "unread"; what: string; restMs?: number | undefined } | undefined;
  /** Whether that was not so the last time: something new is wrong, or nothing any more. */
  isNew: boolean;
}

export interface PushParts {
  /** What there is to tell now. */
  read(): Promise<Iterable<OtlpBody>>;
  receiver: Receiver;
  everyMs: number;
  /** How long a push may take, however soon the next one is due, and how long the last one may, which tells how everything ended; a second when left out. */
  leastMs?: number;
  tell(told: Told): void;
}

const triesMax = 4;

/** How long a receiver may want to be left alone. */
const longestRestMs = 3_600_000;

/** Pushes every `everyMs` until `signal` aborts, and then once more, without `urgent` and for `leastMs` at most. */
export async function keepPushing(
  parts: PushParts,
  signal: AbortSignal,
  urgent: AbortSignal,
): Promise<void> {
  const { everyMs, leastMs = 1_000, tell } = parts;
  const known = new Set<string>();
  let restMs = everyMs;
  while (!signal.aborted) {
    await sleep(restMs, signal);
    if (signal.aborted) break;
    const startMs = elapsedMs();
    // What is not through by the time of the next push is told by that one.
    const lastsMs = Math.max(everyMs, leastMs);
    const pushed = await pushOnce(parts, { triesMax, lastsMs, signal });
    if (signal.aborted) break;
    tell({ ...pushed, isNew: isNews(known, pushed) });
    const leftMs = Math.max(0, everyMs - (elapsedMs() - startMs));
    restMs = Math.max(leftMs, Math.min(pushed.fault?.restMs ?? 0, longestRestMs));
  }
  if (urgent.aborted) return;
  const pushed = await pushOnce(parts, { triesMax: 1, lastsMs: leastMs, signal: urgent });
  tell({ ...pushed, isNew: isNews(known, pushed) });
}

type Result = Omit<Told, "isNew">;

/** One push of what there is to tell now. */
async function pushOnce(
  { read, receiver }: Pick<PushParts, "read" | "receiver">,
  patience: Patience,
): Promise<Result> {
  let bodies;
  try {
    bodies = await read();
  } catch (error) {
    // A full disk or a damaged file is for whoever has to do with it.
    if (!isSkepError(error)) throw error;
    const fault = { kind: "unread", what: error.message } as const;
    return { requests: 0, points: 0, rejected: 0, said: undefined, fault };
  }
  return await push(bodies, receiver, patience);
}

/** Each kind of trouble is news once, until all is well again, which is news then. */
function isNews(known: Set<string>, { fault, rejected }: Result): boolean {
  const kind = fault?.kind ?? (rejected > 0 ? "rejected" : undefined);
  if (kind === undefined) {
    const wasWrong = known.size > 0;
    known.clear();
    return wasWrong;
  }
  const isNew = !known.has(kind);
  known.add(kind);
  return isNew;
}
