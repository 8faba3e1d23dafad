// `skep reply`: answer what was claimed and keep it.
import { replyByReceiptTx } from "../../bus/settle.ts";
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";

export default defineCommand({
  name: "reply",
  summary: "answer what you received, and keep it",
  notes: [
    "The work is still yours and still has to be acked; skep ack RECEIPT --reply BODY does both at once.",
  ],
  args: {
    receipt: { type: "positional", description: "the receipt that recv printed" },
    body: { type: "positional", description: "the answer, or - for standard input" },
    type: {
      type: "string",
      valueHint: "T",
      description: "what kind of message it is",
      default: "reply",
    },
    ttl: { type: "duration", valueHint: "D", description: "how long the answer is wanted" },
  },
  async run(context, { receipt, body, type, ttl }) {
    const { store, bus } = await open(context);
    const reply = {
      body: await context.readBody(body, bus.settings.bodyBytesMax),
      type,
      ttlMs: ttl,
    };
    const from = context.as ?? null;
    const replied = await store.write((tx) =>
      replyByReceiptTx(tx, bus.settings, receipt, { from, reply }),
    );
    const { id, to } = replied;
    await context.data(JSON.stringify(replied), `the answer was sent to ${to} as message ${id}`);
  },
});
