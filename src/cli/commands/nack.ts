// `skep nack`: give back what was claimed.
import { nackTx } from "../../bus/settle.ts";
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";

export default defineCommand({
  name: "nack",
  summary: "give back what you received: somebody else may try",
  notes: [
    "It rests for a while, longer at each attempt; after the last attempt it goes to the dead letters.",
  ],
  args: {
    receipt: { type: "positional", description: "the receipt that recv printed" },
    delay: {
      type: "duration",
      valueHint: "D",
      description: "how long it rests (default: grows with the attempts)",
    },
    reason: { type: "string", valueHint: "S", description: "why, for whoever looks later" },
  },
  examples: [["skep nack 17.1.3735928559 --reason 'no such file'", "could not do it"]],
  async run(context, { receipt, delay, reason }) {
    const { store, bus } = await open(context, { essential: true });
    const nacked = await store.write(
      (tx) => nackTx(tx, bus.settings, receipt, { delayMs: delay, reason }),
      { essential: true },
    );
    await context.data(JSON.stringify(nacked));
  },
});
