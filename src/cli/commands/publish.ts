// `skep publish`: one message to everybody who is subscribed to a topic.
import { publish } from "../../bus/publish.ts";
import { defineCommand } from "../command.ts";
import { draftArgs } from "../draft-args.ts";
import { open } from "../open.ts";

export default defineCommand({
  name: "publish",
  summary: "put a message into the inbox of everybody who is subscribed to a topic",
  notes: [
    "All of them get it or none does: one full inbox makes the publisher wait, or fail and be told which it is.",
    "Answers with the message's id and how many got it; when nobody is subscribed that is null and 0, and nothing is stored.",
    "Receivers see the topic as the message's type, unless --type gives it another.",
  ],
  args: {
    topic: { type: "positional", description: "up to 8 words with dots between: build.failed" },
    body: { type: "positional", description: "the body, or - for standard input" },
    type: { ...draftArgs.type, description: "what kind of message it is (default the topic)" },
    priority: draftArgs.priority,
    thread: draftArgs.thread,
    onFull: { ...draftArgs.onFull, description: "what to do when an inbox is full" },
    timeout: {
      type: "duration",
      valueHint: "D",
      description: "how long to wait for room (default 5s)",
    },
  },
  examples: [["skep publish build.failed 'the linker ran out of memory'", "tell whoever cares"]],
  async run(context, { topic, body, type, priority, thread, onFull, timeout }) {
    const { bus, settings } = await open(context);
    const bytes = await context.readBody(body, settings.bus.bodyBytesMax);
    const published = await publish(
      bus,
      { topic, body: bytes, type, priority, thread },
      {
        from: context.as ?? null,
        onFull,
        timeoutMs: timeout ?? settings.bus.sendTimeoutMs,
        timeoutForLock: timeout !== undefined,
        signal: onFull === "wait" ? context.signal : undefined,
      },
    );
    const { id, deliveries } = published;
    const inboxes = deliveries === 1 ? "1 inbox" : `${deliveries} inboxes`;
    const done = `message ${id} was published to ${inboxes}`;
    await context.data(JSON.stringify(published), id === null ? undefined : done);
  },
});
