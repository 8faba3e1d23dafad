// `skep pause`: have agents claim nothing more.
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";
import { sayDone } from "../order.ts";

export default defineCommand({
  name: "pause",
  summary: "have agents claim nothing more",
  notes: ["What they hold they finish. skep unpause has them go on."],
  args: { agent: { type: "positional", description: "an agent, or a group of them" } },
  async run(context, { agent }) {
    const app = await open(context);
    await sayDone(context, await app.order({ verb: "pause", subject: agent }, context.signal));
  },
});
