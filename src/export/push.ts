// Push: bodies to a receiver of OTLP, one after the other. What a receiver cannot take now is tried again, by the rules
// of the protocol; what it does not want is not.
import { elapsedMs, jitter, sleep } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import { leadsElsewhere } from "../core/look-up-here.ts";
import { type Answer, send } from "../core/post.ts";
import { clip, printable } from "../core/text.ts";
import type { OtlpBody } from "./otlp.ts";

export interface Receiver {
  url: URL;
  headers: Readonly<Record<string, string>>;
  /** Of each try. */
  timeoutMs: number;
}

/** Why something was not taken: nobody answers, not in time, not now, not at all. */
export type FaultKind = "unreachable" | "late" | "busy" | "refused";

export interface Fault {
  kind: FaultKind;
  /** What the receiver did, as the end of a sentence about it. */
  what: string;
  /** How long it wants to be left alone; undefined when it does not say. */
  restMs?: number | undefined;
}

/** What became of the bodies: those behind the first that was not taken are not sent. */
export interface Pushed {
  requests: number;
  points: number;
  /** Of those points, how many the receiver did not want, and what it said of them. */
  rejected: number;
  said: string | undefined;
  fault: Fault | undefined;
}

/** When to stop trying: how many times at most, and after how long; `signal` ends it at once. */
export interface Patience {
  triesMax: number;
  lastsMs: number;
  signal: AbortSignal;
}

const firstRestMs = 1_000;
const longestRestMs = 30_000;

/** What a try has at least: one that is cut short at once would say that the receiver was late, and not what it was before. */
const leastTryMs = 500;

/** Sends `bodies` to `receiver`. Never throws for what the receiver does. */
export async function push(
  bodies: Iterable<OtlpBody>,
  receiver: Receiver,
  patience: Patience,
): Promise<Pushed> {
  const untilMs = elapsedMs() + patience.lastsMs;
  const pushed: Pushed = { requests: 0, points: 0, rejected: 0, said: undefined, fault: undefined };
  for (const body of bodies) {
    const outcome = await insist(body, receiver, patience, untilMs);
    if ("fault" in outcome) return { ...pushed, fault: outcome.fault };
    pushed.requests++;
    pushed.points += body.points;
    pushed.rejected += Math.min(outcome.rejected, body.points);
    pushed.said ??= outcome.said;
  }
  return pushed;
}

type Outcome = { rejected: number; said: string | undefined } | { fault: Fault };

async function insist(
  body: OtlpBody,
  receiver: Receiver,
  { triesMax, signal }: Patience,
  untilMs: number,
): Promise<Outcome> {
  for (let tries = 1; ; tries++) {
    const outcome = await tryOnce(body, receiver, untilMs, signal);
    if (!("fault" in outcome) || outcome.fault.kind === "refused") return outcome;
    const usualMs = jitter(Math.min(firstRestMs * 2 ** (tries - 1), longestRestMs), 0.5);
    const restMs = outcome.fault.restMs ?? usualMs;
    const isTooLate = elapsedMs() + restMs + leastTryMs >= untilMs;
    if (tries >= triesMax || isTooLate || signal.aborted) return outcome;
    await sleep(restMs, signal);
    if (signal.aborted) return outcome;
  }
}

async function tryOnce(
  { text: body }: OtlpBody,
  { url, headers, timeoutMs }: Receiver,
  untilMs: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const lastsMs = Math.max(1, Math.min(timeoutMs, Math.ceil(untilMs - elapsedMs())));
  const late = AbortSignal.timeout(lastsMs);
  const all = { "user-agent": "skep", ...headers, "content-type": "application/json" };
  try {
    return judge(await send({ url, headers: all, body }, AbortSignal.any([signal, late])));
  } catch (error) {
    if (signal.aborted) return { fault: { kind: "late", what: "was being told when skep ended" } };
    if (late.aborted)
      return { fault: { kind: "late", what: `did not answer within ${formatDuration(lastsMs)}` } };
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === leadsElsewhere) return { fault: { kind: "refused", what: message } };
    return { fault: { kind: "unreachable", what: `cannot be reached (${code ?? message})` } };
  }
}

function judge({ status, retryAfter, text }: Answer): Outcome {
  if (status >= 200 && status < 300) return partialSuccess(text);
  if ([429, 502, 503, 504].includes(status)) {
    const fault = { kind: "busy", what: `answered with ${status}` } as const;
    return { fault: { ...fault, restMs: restOf(retryAfter) } };
  }
  const isRedirect = status >= 300 && status < 400;
  const why = isRedirect ? "redirects are not followed" : saidIn(text);
  const what = `answered with ${status}${why === undefined ? "" : `: ${why}`}`;
  return { fault: { kind: "refused", what } };
}

/** What of a request was not wanted. Receivers that say nothing, or something else, took all of it. */
function partialSuccess(text: string): Outcome {
  const { rejectedDataPoints, errorMessage } = fieldsOf(fieldsOf(parsed(text))["partialSuccess"]);
  // 64 bits are text in the protocol's JSON, but a number is taken as well.
  const rejected = Number(rejectedDataPoints ?? 0);
  const said = typeof errorMessage === "string" && errorMessage !== "" ? errorMessage : undefined;
  return {
    rejected: Number.isSafeInteger(rejected) && rejected > 0 ? rejected : 0,
    said: said && shown(said),
  };
}

/** The message of a Status, which is what a receiver says of what it refuses. */
function saidIn(text: string): string | undefined {
  const { message } = fieldsOf(parsed(text));
  return typeof message === "string" && message !== "" ? shown(message) : undefined;
}

function shown(text: string): string {
  return clip(printable(text), 200);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

// Seconds, as the protocol has it; a date, which HTTP would allow, depends on whose clock is right.
function restOf(retryAfter = ""): number | undefined {
  return /^\d{1,9}$/.test(retryAfter.trim()) ? Number(retryAfter) * 1_000 : undefined;
}
