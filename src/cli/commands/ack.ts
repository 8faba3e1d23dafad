// `skep ack`: done with what was claimed.
import { type Acked, ackAllTx, ackTx } from "../../bus/settle.ts";
import { SkepError } from "../../core/errors.ts";
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";

export default defineCommand({
  name: "ack",
  summary: "settle what you received: it is done",
  notes: ["Several receipts are settled together or not at all. An accepted ack may be repeated."],
  args: {
    receipt: { type: "positional", description: "the receipt that recv printed", many: true },
    reply: {
      type: "string",
      valueHint: "BODY",
      description: "answer in the same transaction; - for standard input",
    },
  },
  examples: [
    ["skep ack 17.1.3735928559", "done"],
    ["skep ack 17.1.3735928559 --reply 42", "done, and here is the answer"],
  ],
  async run(context, { receipt: receipts, reply }) {
    if (receipts.length === 0)
      throw new SkepError("E_USAGE", "ack what?", { hint: "skep ack RECEIPT" });
    if (reply !== undefined && receipts.length > 1)
      throw new SkepError("E_USAGE", "--reply answers one message, and there are several receipts");
    const { store, bus } = await open(context, { essential: true });
    const body =
      reply === undefined ? undefined : await context.readBody(reply, bus.settings.bodyBytesMax);
    const from = context.as ?? null;
    const acked = await store.write(
      async (tx) =>
        body === undefined
          ? await ackAllTx(tx, receipts)
          : [await ackTx(tx, bus.settings, receipts[0]!, { from, reply: { body } })],
      { essential: true },
    );
    for (const one of acked) await context.data(JSON.stringify(one), sentBy(one));
  },
});

/** What went out with the ack; undefined when nothing did, for then it may be repeated. */
function sentBy({ receipt, reply }: Acked): string | undefined {
  if (reply === undefined) return undefined;
  return `${receipt} was acked and the answer sent to ${reply.to} as message ${reply.id}`;
}
