// `skep drain`: closes the bus, lets owners finish, and parks what is left.
import { drain } from "../../bus/drain.ts";
import { formatDuration } from "../../core/durations.ts";
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";
import { sumText } from "../summary.ts";

export default defineCommand({
  name: "drain",
  summary: "take nothing more: finish what is in hand, park the rest until resume",
  notes: [
    "From now on claims and sends are refused (exit 4). Who holds something may settle it until the time is over;",
    "what is left is parked then, by the next command if this one is gone. A second drain joins the first, and its",
    "--timeout sets the deadline anew. Ctrl-C ends the waiting, not the drain: skep resume does that.",
  ],
  args: {
    timeout: {
      type: "duration",
      valueHint: "D",
      description: "how long owners may take to settle (default: agents.drain_timeout, 20s)",
    },
  },
  examples: [["skep drain --timeout 5s", "before the machine goes down"]],
  async run(context, { timeout }) {
    const { bus, settings } = await open(context, { essential: true });
    const { parked, returned, settled, ms, conservation } = await drain(bus, {
      timeoutMs: timeout,
      usualMs: settings.agents.drainTimeoutMs,
      signal: context.signal,
      onProgress: (left, leftMs) =>
        context.say(
          `draining: ${left} ${left === 1 ? "lease" : "leases"} left, ${formatDuration(leftMs)} to go`,
        ),
    });
    if (context.json)
      await context.data(JSON.stringify({ parked, returned, settled, ms, conservation }));
    else {
      await context.data(
        [
          `the bus is drained after ${formatDuration(ms)}; skep resume opens it again`,
          `deliveries: ${settled} settled meanwhile; ${parked} parked, ${returned} of them taken back from their holders`,
          sumText(conservation),
        ].join("\n"),
      );
    }
    return conservation.holds ? 0 : 1;
  },
});
