// `skep request`: send a message and wait for its answer.
import { deliveryLine } from "../../bus/delivery-line.ts";
import { request } from "../../bus/request.ts";
import { defineCommand } from "../command.ts";
import { draftArgs } from "../draft-args.ts";
import { open } from "../open.ts";

export default defineCommand({
  name: "request",
  summary: "send a message and wait for its answer",
  notes: [
    "Prints the answer as recv would, already acknowledged. Exit 3 when none came in time; then nobody is handed the",
    "message any more, unless --ttl says how long it is wanted.",
  ],
  args: {
    to: { type: "positional", description: "the inbox, or an address that means one" },
    body: { type: "positional", description: "the body, or - for standard input" },
    type: draftArgs.type,
    priority: draftArgs.priority,
    timeout: {
      type: "duration",
      valueHint: "D",
      description: "how long to wait for the answer (default bus.request_timeout)",
    },
    ttl: {
      type: "duration",
      valueHint: "D",
      description: "how long the work is wanted (default: as long as the answer is waited for)",
    },
  },
  examples: [["skep request oracle 'what is six by seven?' --timeout 1m", "ask"]],
  async run(context, { to, body, type, priority, timeout, ttl }) {
    const { bus, settings } = await open(context);
    const bytes = await context.readBody(body, bus.settings.bodyBytesMax);
    const options = {
      from: context.as ?? null,
      onFull: "wait" as const,
      timeoutMs: timeout ?? settings.bus.requestTimeoutMs,
      signal: context.signal,
    };
    const answer = await request(bus, { to, body: bytes, type, priority, ttlMs: ttl }, options);
    const done = `the answer came as message ${answer.id} and is acked (skep sql shows its body)`;
    await context.data(deliveryLine(answer), done);
  },
});
