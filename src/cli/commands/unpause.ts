// `skep unpause`: have paused agents go on.
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";
import { sayDone } from "../order.ts";

export default defineCommand({
  name: "unpause",
  summary: "have paused agents go on",

  args: { agent: { type: "positional", description: "an agent, or a group of them" } },
  async run(context, { agent }) {
    const app = await open(context);
    await sayDone(context, await app.order({ verb: "unpause", subject: agent }, context.signal));
  },
});
