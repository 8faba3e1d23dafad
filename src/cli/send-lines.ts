// The batch form of `send`: JSON lines in, an answer line for each out, in order.
import type { App } from "../app.ts";
import { parseDraftLine } from "../bus/draft-line.ts";
import type { Draft } from "../bus/message.ts";
import type { Outcome } from "../bus/batch.ts";
import { type SendOptions, batchMax, sendBatch } from "../bus/send.ts";
import { SkepError, exitStatus, isSkepError } from "../core/errors.ts";
import { textOf } from "../core/text.ts";
import type { Context } from "./context.ts";
import { describe } from "./failure.ts";

/**
 * Sends the lines on standard input as they come, blank ones left out: the exit status, that of the first line that was refused; undefined
 * when none was. With `atomic` the first refusal is thrown, and input that a signal cuts short is not sent at all.
 */
export async function sendLines(
  context: Context,
  app: App,
  options: SendOptions & { atomic: boolean },
): Promise<number | undefined> {
  let status: number | undefined;
  let answered = 0;
  let refused = 0;
  const lineBytesMax = app.settings.bus.bodyBytesMax * 6 + 4096; // a body can grow sixfold as JSON
  let held: (Uint8Array | undefined)[] = [];
  const flush = async () => {
    const lines = held;
    held = [];
    for (const outcome of await sendParsed(app, lines.map(parsed), options)) {
      answered++;
      if (isSkepError(outcome)) {
        refused++;
        status ??= exitStatus[outcome.code];
      }
      await context.data(answerLine(outcome));
    }
  };
  for await (const lines of context.readLines(lineBytesMax)) {
    held.push(...lines.filter((line) => line === undefined || !isBlank(line)));
    if (options.atomic && held.length > batchMax)
      throw new SkepError("E_USAGE", `more than ${batchMax} messages in one atomic batch`, {
        hint: "Send them in several, or without --atomic.",
      });
    if (!options.atomic) await flush();
  }
  if (held.length > 0 && !context.signal.aborted) await flush();
  // With --json the answers are all there is to say: whoever reads the words as JSON would stumble over these.
  if (refused > 0 && !context.json) context.say(`${refused} of ${answered} messages were refused`);
  return status;
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte <= 32);
}

function answerLine(outcome: Outcome): string {
  if (!isSkepError(outcome)) return JSON.stringify(outcome);
  return describe(outcome, { json: true, colour: false, debug: false }).trimEnd();
}

/** Drafts go out in one batch; what is no draft is answered in its place. */
async function sendParsed(
  app: App,
  lines: (Draft | SkepError)[],
  options: SendOptions & { atomic: boolean },
): Promise<Outcome[]> {
  if (options.atomic) refuseWrong(lines);
  const sent = await sendBatch(
    app.bus,
    lines.filter((line) => !isSkepError(line)) as Draft[],
    options,
  );
  return lines.map((line) => (isSkepError(line) ? line : sent.shift()!));
}

function refuseWrong(lines: (Draft | SkepError)[]): void {
  for (const [i, line] of lines.entries()) {
    if (isSkepError(line))
      throw new SkepError(line.code, `message ${i + 1}: ${line.message}`, { hint: line.hint });
  }
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
