// `skep dead`: the messages that were given up, and what is to become of them.
import { type DeadLetter, type DeadRef, listDead, showDead } from "../../bus/dead.ts";
import { dropAllDead, dropDead } from "../../bus/dead-drop.ts";
import { retryAllDead, retryDead } from "../../bus/dead-retry.ts";
import { isoTime } from "../../core/clock.ts";
import { formatDuration } from "../../core/durations.ts";
import { SkepError } from "../../core/errors.ts";
import { checkName } from "../../core/names.ts";
import { clip, printable, textOf } from "../../core/text.ts";
import { columns } from "../columns.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { idOf } from "../id.ts";
import { refuseNeedless } from "../needless.ts";
import { open } from "../open.ts";

export default defineCommand({
  name: "dead",
  summary: "look after the messages that were given up",
  notes: [
    "list [INBOX] shows them, show ID all of one. retry puts them back, their attempts counted anew; drop ends them.",
    "ID is a delivery's, as list and trace show it, or a message's that has one dead delivery.",
  ],
  args: {
    verb: {
      type: "positional",
      options: ["list", "show", "retry", "drop"],
      description: "what to do",
    },
    id: {
      type: "positional",
      required: false,
      many: true,
      description: "which ones; for list an inbox, or nothing for all",
    },
    all: { type: "boolean", description: "retry or drop all there are" },
    inbox: { type: "string", valueHint: "INBOX", description: "of this inbox only" },
    max: {
      type: "whole",
      least: 1,
      most: 100_000,
      valueHint: "N",
      description: "how many to list at most (100)",
    },
  },
  examples: [
    ["skep dead list orders", "what was given up in one inbox"],
    ["skep dead retry 17 18", "try these two again"],
    ["skep dead retry --all --inbox orders", "try all of them again"],
  ],
  async run(context, { verb, id: words, all, inbox, max }) {
    if (inbox !== undefined) checkName(inbox, "inbox");
    if (verb === "list") return list(context, listed(words, all, inbox), max ?? 100);
    refuseNeedless("dead", verb, { "--max": max });
    if (verb === "show") return show(context, one(words, all, inbox));
    const ids = words.map((word) => idOf(word, "a delivery"));
    checkChoice(verb, ids, all, inbox);
    if (all) return changeAll(context, verb, inbox);
    return changeNamed(context, verb, ids);
  },
});

function listed(words: readonly string[], all: boolean, inbox: string | undefined) {
  const [word, ...others] = words;
  if (others.length > 0 || (word !== undefined && inbox !== undefined))
    throw usage("dead list takes one inbox, or none for all", "Write skep dead list INBOX.");
  if (all)
    throw usage("dead list shows all of them anyway", "Leave --all out; --max says how many.");
  return word === undefined ? inbox : checkName(word, "inbox");
}

function one(words: readonly string[], all: boolean, inbox: string | undefined): number {
  if (words.length !== 1 || all || inbox !== undefined)
    throw usage("dead show takes one id", "Write skep dead show ID.");
  return idOf(words[0]!, "a delivery");
}

function checkChoice(verb: string, ids: readonly number[], all: boolean, inbox?: string): void {
  if (all && ids.length > 0)
    throw usage(`dead ${verb} takes ids or --all, not both`, "Leave one of them out.");
  if (!all && inbox !== undefined)
    throw usage("--inbox goes with --all", `Write skep dead ${verb} --all --inbox ${inbox}.`);
  if (!all && ids.length === 0)
    throw usage(`which ones shall dead ${verb} take?`, "Name their ids, or write --all.");
}

function usage(message: string, hint: string): SkepError {
  return new SkepError("E_USAGE", message, { hint });
}

async function list(context: Context, inbox: string | undefined, max: number): Promise<void> {
  const { store, clock } = await open(context);
  const found = await store.read((tx) => listDead(tx, inbox, max + 1));
  const letters = found.slice(0, max);
  if (context.json) {
    for (const letter of letters) await context.data(JSON.stringify(asJson(letter)));
  } else if (letters.length > 0) {
    const rows = letters.map((letter) => row(letter, clock.now()));
    await context.data(columns([headings, ...rows]));
  } else context.say(inbox === undefined ? "no dead letters" : `no dead letters in ${inbox}`);
  if (found.length > max) context.say(`only the first ${max}: there are more, see --max`);
}

const headings = ["ID", "INBOX", "FROM", "TYPE", "ATTEMPTS", "DIED", "REASON"];

function row(letter: DeadLetter, now: number): string[] {
  const { id, inbox, from, type, attempt, diedAt, reason } = letter;
  const ago = `${formatDuration(Math.max(0, now - diedAt))} ago`;
  const shownType = type === null ? "-" : printable(clip(type, 24));
  const cells = [String(id), inbox, from ?? "-", shownType, String(attempt), ago];
  return [...cells, printable(clip(reason, 100))];
}

function asJson({ messageId, sentAt, diedAt, ...letter }: DeadLetter) {
  return { ...letter, message_id: messageId, sent_at: sentAt, died_at: diedAt };
}

async function show(context: Context, id: number): Promise<void> {
  const { store } = await open(context);
  const { message, attempts, ...letter } = await store.read((tx) => showDead(tx, id));
  const text = textOf(message.body);
  if (context.json) {
    const { thread, replyTo: reply_to, body } = message;
    await context.data(
      JSON.stringify({
        ...asJson(letter),
        thread,
        reply_to,
        body: text ?? null,
        body_b64: text === undefined ? Buffer.from(body).toString("base64") : null,
        attempts: attempts.map(({ claimedAt, endedAt, ...attempt }) => ({
          ...attempt,
          claimed_at: claimedAt,
          ended_at: endedAt,
        })),
      }),
    );
    return;
  }
  const { inbox, from, type, reason, attempt, bytes, priority } = letter;
  const rows = [
    ["delivery", `${letter.id} of message ${message.id}`],
    ["inbox", inbox],
    ["from", from ?? "-"],
    ["type", type ?? "-"],
    ["priority", String(priority)],
    ["sent", isoTime(letter.sentAt)],
    ["died", isoTime(letter.diedAt)],
    ["attempts", String(attempt)],
    ["reason", reason],
    ...attempts.map((failed) => [
      "",
      `${failed.outcome} ${isoTime(failed.endedAt)}${failed.holder === null ? "" : ` by ${failed.holder}`}${failed.reason === null ? "" : `: ${failed.reason}`}`,
    ]),
    ["body", text === undefined ? `${bytes} bytes that are no text (--json has them)` : text],
  ];
  await context.data(columns(rows.map((cells) => cells.map(printable))));
}

async function changeAll(
  context: Context,
  verb: "retry" | "drop",
  inbox: string | undefined,
): Promise<void> {
  const { bus } = await open(context);
  const options = { by: context.as ?? null, signal: context.signal };
  const change = verb === "retry" ? retryAllDead : dropAllDead;
  const count = await change(bus, inbox, options);
  await context.data(JSON.stringify({ [done[verb]]: count }));
}

async function changeNamed(
  context: Context,
  verb: "retry" | "drop",
  ids: readonly number[],
): Promise<void> {
  const { store } = await open(context);
  const change = verb === "retry" ? retryDead : dropDead;
  const changed = await store.write((tx) => change(tx, ids, context.as ?? null));
  for (const { id, messageId, inbox } of changed as DeadRef[])
    await context.data(
      JSON.stringify({
        id,
        message_id: messageId,
        inbox,
        state: verb === "retry" ? "ready" : "purged",
      }),
    );
}

const done = { retry: "retried", drop: "dropped" };
