// `skep export otlp`: pushes how everything stands to a receiver of OpenTelemetry's protocol, once or again and again.
import { readBodies, receiverOf } from "../app/push.ts";
import { type ErrorCode, SkepError } from "../core/errors.ts";
import { keepPushing } from "../export/keep-pushing.ts";
import { type Pushed, type Receiver, push } from "../export/push.ts";
import type { Context } from "./context.ts";
import { open } from "./open.ts";
import { pushSentence } from "./push-sentence.ts";

export interface OtlpArgs {
  once: boolean;
  /** Whom to push to; whoever is set when left out. */
  endpoint: string | undefined;
}

const triesMax = 3;

/**
 * Pushes and prints what went through; without `once` it goes on until a signal comes. E_USAGE when nobody is named who may be called,
 * E_BUSY when the receiver is not there or cannot take it now, E_FAILED when it does not want it.
 */
export async function printPushes(context: Context, { once, endpoint }: OtlpArgs): Promise<void> {
  const { export: settings } = await context.settings();
  const named = endpoint ?? settings.otlpEndpoint;
  if (named === "none")
    throw new SkepError("E_USAGE", "nobody is named to push metrics to", {
      hint: "--endpoint http://127.0.0.1:4318/v1/metrics, or otlp_endpoint in the section [export] of skep.toml",
    });
  const receiver = receiverOf(settings, named);
  const app = await open(context);
  const read = () => readBodies(app);
  if (once) {
    const lastsMs = triesMax * receiver.timeoutMs;
    const patience = { triesMax, lastsMs, signal: context.signal };
    const pushed = await push(await read(), receiver, patience);
    if (context.signal.aborted) return;
    if (pushed.points > 0 || pushed.fault === undefined)
      await context.data(lineOf(pushed, receiver, context.json));
    return throwFault(pushed, receiver);
  }
  context.say(`pushing metrics to ${receiver.url.host}; Ctrl-C ends it`);
  let lines: Promise<void> = Promise.resolve();
  await keepPushing(
    {
      read,
      receiver,
      everyMs: settings.otlpEveryMs,
      tell: (told) => {
        const { fault } = told;
        if (fault !== undefined && told.isNew) context.say(sentenceOf(told, receiver));
        const line = lineOf(told, receiver, context.json);
        if (fault === undefined) lines = lines.then(() => context.data(line));
      },
    },
    context.signal,
    context.urgent,
  );
  await lines;
}

type Outcome = Omit<Pushed, "fault"> & { fault: { kind: string; what: string } | undefined };

function lineOf({ requests, points, rejected, said }: Outcome, { url }: Receiver, json: boolean) {
  if (json) return JSON.stringify({ to: url.host, requests, points, rejected, said: said ?? null });
  const all = `${points} points in ${requests} ${requests === 1 ? "request" : "requests"} to ${url.host}`;
  if (rejected === 0) return all;
  return `${all}; ${rejected} of them were not wanted${said === undefined ? "" : `: ${said}`}`;
}

function sentenceOf({ points, rejected, said, fault }: Outcome, { url }: Receiver): string {
  const why = fault?.what ?? said ?? null;
  return pushSentence({ to: url.host, points, rejected, kind: fault?.kind ?? null, why });
}

function throwFault(pushed: Pushed, receiver: Receiver): void {
  const { fault, rejected } = pushed;
  if (fault === undefined && rejected === 0) return;
  const isForNow = fault !== undefined && fault.kind !== "refused";
  const code: ErrorCode = isForNow ? "E_BUSY" : "E_FAILED";
  throw new SkepError(code, sentenceOf(pushed, receiver), {
    hint: fault?.kind === "unreachable" ? "Is the receiver up, and at that port?" : undefined,
    retryAfterMs: fault?.restMs,
  });
}
