// `skep restart`: have agents finish what they hold and start anew.
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";
import { sayDone } from "../order.ts";

export default defineCommand({
  name: "restart",
  summary: "have agents finish what they hold and start anew",
  notes: ["Also starts one again that has failed for good."],
  args: { agent: { type: "positional", description: "an agent, or a group of them" } },
  async run(context, { agent }) {
    const app = await open(context);
    await sayDone(context, await app.order({ verb: "restart", subject: agent }, context.signal));
  },
});
