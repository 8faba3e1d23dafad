// The batch form of `send`: JSON lines in, an answer line for each out, in order.
import type { App } from "../app.ts";
import { type Outcome, naming } from "../bus/batch.ts";
import { parseDraftLine } from "../bus/draft-line.ts";
import type { Draft } from "../bus/message.ts";
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
  const tally: Tally = { answered: 0, refused: 0, lastId: 0 };
  const lineBytesMax = app.settings.bus.bodyBytesMax * 6 + 4096; // a body can grow sixfold as JSON
  let held: Line[] = [];
  let number = 0;
  const flush = async () => {
    const lines = held;
    held = [];
    const outcomes = await sendParsed(app, lines, options);
    for (const outcome of outcomes) count(tally, outcome);
    for (const outcome of outcomes) await context.data(answerLine(outcome), doneSoFar(tally));
  };
  for await (const lines of context.readLines(lineBytesMax)) {
    for (const line of lines) {
      number++;
      if (line !== undefined && isBlank(line)) continue;
      if (options.atomic && held.length === batchMax)
        throw new SkepError(
          "E_USAGE",
          `line ${number}: more than ${batchMax} messages in one atomic batch`,
          { hint: "Send them in several, or without --atomic." },
        );
      held.push({ number, draft: parsed(line) });
    }
    if (!options.atomic) await flush();
  }
  if (held.length > 0 && !context.signal.aborted) await flush();
  const { answered, refused, status } = tally;
  // With --json the answers are all there is to say: whoever reads the words as JSON would stumble over these.
  if (refused > 0 && !context.json) context.say(`${refused} of ${answered} messages were refused`);
  return status;
}

/** A line of the input that is not blank, counted from 1, and the message it describes or what is wrong with it. */
interface Line {
  number: number;
  draft: Draft | SkepError;
}

interface Tally {
  answered: number;
  refused: number;
  /** The id of the last message that was sent. */
  lastId: number;
  /** The exit status for the first that was refused. */
  status?: number;
}

function count(tally: Tally, outcome: Outcome): void {
  tally.answered++;
  if (!isSkepError(outcome)) {
    tally.lastId = outcome.id;
    return;
  }
  tally.refused++;
  tally.status ??= exitStatus[outcome.code];
}

function doneSoFar({ answered, refused, lastId }: Tally): string | undefined {
  const sent = answered - refused;
  if (sent === 0) return undefined;
  return `${sent} ${sent === 1 ? "message was" : "messages were"} sent, the last one as message ${lastId}`;
}

// Spaces, tabs and the ends of lines as other systems have them. Any other control character is no way to say nothing.
function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 32 || byte === 9 || byte === 13);
}

function answerLine(outcome: Outcome): string {
  if (!isSkepError(outcome)) return JSON.stringify(outcome);
  return describe(outcome, { json: true, colour: false, debug: false }).trimEnd();
}

/** Drafts go out in one batch; what is no draft is answered in its place, or keeps all back when it is all or none. */
async function sendParsed(
  app: App,
  lines: readonly Line[],
  options: SendOptions & { atomic: boolean },
): Promise<Outcome[]> {
  const nameOf = (index: number) => `line ${lines[index]!.number}`;
  const drafts: Draft[] = [];
  for (const [index, { draft }] of lines.entries()) {
    if (!isSkepError(draft)) drafts.push(draft);
    else if (options.atomic) throw naming(draft, index, nameOf);
  }
  // Of an atomic batch every line is a draft here, so their places are the same.
  const sent = await sendBatch(app.bus, drafts, { ...options, nameOf });
  return lines.map(({ draft }) => (isSkepError(draft) ? draft : sent.shift()!));
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
