// `skep down`: stops the swarm that runs in this home.
import { SkepError } from "../../core/errors.ts";
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";
import { awaitSupervisor } from "../patience.ts";
import { summaryJson, summaryText } from "../summary.ts";

export default defineCommand({
  name: "down",
  summary: "stop the swarm: finish what is in hand, park the rest",
  notes: [
    "Also finishes what a killed supervisor left behind. What is parked comes back with the next up.",
    "A swarm that is going down already keeps the time it was given; one more SIGTERM to its skep up skips the waiting.",
  ],
  args: {
    timeout: {
      type: "duration",
      valueHint: "D",
      description: "how long agents may take to finish (default 20s)",
    },
  },
  async run(context, { timeout }) {
    const app = await open(context, { essential: true });
    const timeoutMs = timeout ?? app.settings.agents.drainTimeoutMs;
    const stopping = app.stopSwarm(timeoutMs, context.signal);
    const summary = await awaitSupervisor(context, app, stopping);
    if (summary === undefined)
      throw new SkepError("E_NOT_FOUND", "no swarm runs here", {
        hint: "skep up FILE starts one.",
      });
    await context.data(context.json ? summaryJson(summary) : summaryText(summary));
    return summary.conservation.holds ? 0 : 1;
  },
});
