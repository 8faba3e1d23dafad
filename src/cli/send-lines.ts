// The batch form of `send`: JSON lines in, an answer line for each out, in order.
import type { App } from "../app.ts";
import { parseDraftLine } from "../bus/draft-line.ts";
import type { Draft } from "../bus/message.ts";
import { type Outcome, type SendOptions, batchMax, sendBatch } from "../bus/send.ts";
import { SkepError, exitStatus, isSkepError } from "../core/errors.ts";
import { textOf } from "../core/text.ts";
import type { Context } from "./context.ts";
import { describe } from "./failure.ts";

/** Sends the lines on standard input as they come: the exit status, that of the first line that was refused. E_* of the first refusal with `atomic`. */
export async function sendLines(
  context: Context,
  app: App,
  options: SendOptions & { atomic: boolean },
): Promise<number> {
  let status = 0;
  const lineBytesMax = app.settings.bus.bodyBytesMax * 6 + 4096; // a body can grow sixfold as JSON
  let held: (Uint8Array | undefined)[] = [];
  const flush = async () => {
    const lines = held;
    held = [];
    for (const outcome of await sendParsed(app, lines.map(parsed), options)) {
      if (isSkepError(outcome)) status ||= exitStatus[outcome.code];
      await context.data(
        isSkepError(outcome)
          ? describe(outcome, { json: true, colour: false, debug: false }).trimEnd()
          : JSON.stringify(outcome),
      );
    }
  };
  for await (const lines of context.readLines(lineBytesMax)) {
    held.push(...lines.filter((line) => line === undefined || line.length > 0));
    if (options.atomic && held.length > batchMax)
      throw new SkepError("E_USAGE", `more than ${batchMax} messages in one atomic batch`, {
        hint: "Send them in several, or without --atomic.",
      });
    if (!options.atomic) await flush();
  }
  if (held.length > 0) await flush();
  return status;
}

/** Drafts go out in one batch; what is no draft is answered in its place. */
async function sendParsed(
  app: App,
  lines: (Draft | SkepError)[],
  options: SendOptions & { atomic: boolean },
): Promise<Outcome[]> {
  const wrong = lines.find((line) => isSkepError(line));
  if (options.atomic && wrong !== undefined) throw wrong;
  const sent = await sendBatch(
    app.bus,
    lines.filter((line) => !isSkepError(line)) as Draft[],
    options,
  );
  return lines.map((line) => (isSkepError(line) ? line : sent.shift()!));
}

function parsed(line: Uint8Array | undefined): Draft | SkepError {
  try {
    const text = line === undefined ? undefined : textOf(line);
    if (text === undefined)
      return new SkepError(
        "E_BODY",
        line === undefined ? "the line is too long for a message" : "the line is not UTF-8",
        {
          hint: "Bytes that are not text go into body_b64.",
        },
      );
    return parseDraftLine(text);
  } catch (error) {
    if (isSkepError(error)) return error;
    throw error;
  }
}
