// `skep reap`: finishes what a killed supervisor left behind.
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";
import { summaryJson, summaryText } from "../summary.ts";

export default defineCommand({
  name: "reap",
  summary: "end and park what a killed supervisor left behind",
  notes: ["A swarm whose supervisor lives is left alone; skep down stops one."],
  args: {
    because: {
      type: "string",
      valueHint: "TEXT",
      description: "why it could not go on, for skep status",
    },
  },
  async run(context, { because }) {
    const app = await open(context, { essential: true });
    const summary = await app.reapSwarm(because);
    if (summary === undefined) return context.say("nothing to reap: no run is open here");
    await context.data(context.json ? summaryJson(summary) : summaryText(summary));
    return summary.conservation.holds ? 0 : 1;
  },
});
