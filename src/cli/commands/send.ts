// `skep send`: one message, or a batch from standard input.
import { send } from "../../bus/send.ts";
import { SkepError } from "../../core/errors.ts";
import { defineCommand } from "../command.ts";
import { draftArgs } from "../draft-args.ts";
import { open } from "../open.ts";
import { sendLines } from "../send-lines.ts";

export default defineCommand({
  name: "send",
  summary: "put a message into an inbox",
  notes: [
    "Answers with the message's id once it is committed. Any error means that nothing was sent, or says that it was.",
    '--batch reads lines like {"to":"a1","body":"text"} (body_b64 for bytes; type, priority, thread,',
    "reply_to, delay_ms, ttl_ms, key if wanted) and answers each with a line; with --atomic it is all of them or none.",
    "Agents of a swarm write to @workers, @peers, @coordinator or @team:NAME too, whatever these mean for them: one",
    'message for each inbox or for none, answered as {"id":1,"to":"@workers","deliveries":3}.',
    "What is sent again with the same --key, to the same inbox with the same type and body, is not sent a second",
    'time: the answer has the first id and "already". Another message with that key is a conflict, exit 6.',
  ],
  args: {
    to: {
      type: "positional",
      description: "the inbox, or an address; left out with --batch",
      required: false,
    },
    body: { type: "positional", description: "the body, or - for standard input", required: false },
    batch: { type: "boolean", description: "send the JSON lines on standard input" },
    atomic: { type: "boolean", description: "with --batch: all or nothing, 500 lines at most" },
    type: draftArgs.type,
    priority: draftArgs.priority,
    thread: draftArgs.thread,
    replyTo: {
      type: "string",
      valueHint: "INBOX",
      description: "ask for an answer there, and keep a slot for it",
    },
    delay: {
      type: "duration",
      valueHint: "D",
      description: "nobody can claim it before that long from now",
    },
    ttl: {
      type: "duration",
      valueHint: "D",
      description: "nobody is handed it later than that from now; it expires",
    },
    key: {
      type: "string",
      valueHint: "K",
      description: "send it once, however often this is repeated (for 7 days)",
    },
    durable: {
      type: "boolean",
      description: "wait for the disk: a power cut does not take it back",
    },
    onFull: draftArgs.onFull,
    timeout: {
      type: "duration",
      valueHint: "D",
      description: "how long to wait for room (default 5s)",
    },
  },
  examples: [
    ["skep send a1 hello", "one message"],
    ["skep send a1 - < notes.md", "a file as the body"],
    ["skep send --batch < lines.jsonl", "many, in order"],
    ["skep send @workers 'start again'", "to all who work for this agent"],
    ["skep send a1 'tidy up' --delay 10m --ttl 1h --key tidy-42", "later, once, or not at all"],
  ],
  async run(context, args) {
    const { to, body, batch, atomic, onFull, type, priority, thread, replyTo, durable } = args;
    const { delay: delayMs, ttl: ttlMs, key } = args;
    if (batch && to !== undefined)
      throw new SkepError("E_USAGE", "--batch takes its messages from standard input alone");
    if (batch)
      refuseForEach({
        type,
        priority,
        thread,
        reply_to: replyTo,
        delay_ms: delayMs,
        ttl_ms: ttlMs,
        key,
      });
    if (atomic && !batch) throw new SkepError("E_USAGE", "--atomic goes with --batch");
    if (!batch && to === undefined)
      throw new SkepError("E_USAGE", "send to whom?", { hint: "skep send TO BODY" });
    if (!batch && body === undefined)
      throw new SkepError("E_USAGE", `send ${to} what?`, {
        hint: "skep send TO BODY, with - for standard input and '' for an empty body.",
      });
    const app = await open(context);
    const timeoutMs = args.timeout ?? app.settings.bus.sendTimeoutMs;
    const options = {
      from: context.as ?? null,
      onFull,
      timeoutMs,
      timeoutForLock: args.timeout !== undefined,
      durable,
      signal: onFull === "wait" ? context.signal : undefined,
    };
    if (batch) return await sendLines(context, app, { ...options, atomic });
    const bytes = await context.readBody(body!, app.settings.bus.bodyBytesMax);
    const sent = await send(
      app.bus,
      { to: to!, body: bytes, type, priority, thread, replyTo, delayMs, ttlMs, key },
      options,
    );
    await context.data(JSON.stringify(sent), `message ${sent.id} was sent to ${to}`);
    return 0;
  },
});

/** Throws E_USAGE for what each line of a batch says for itself, by its name there, when it stands on the command line. */
function refuseForEach(said: Readonly<Record<string, string | number | undefined>>): void {
  const [given] = Object.entries(said).filter(([, value]) => value !== undefined);
  if (given === undefined) return;
  const [name, value] = given;
  const line = JSON.stringify({ to: "a1", body: "text", [name]: value });
  throw new SkepError("E_USAGE", `with --batch each line has its own ${name}`, {
    hint: `Write it into the lines: ${line}.`,
  });
}
