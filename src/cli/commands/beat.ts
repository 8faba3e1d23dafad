// `skep beat`: an agent's sign of life, with what it says of itself.
import { recordBeats, statuses } from "../../agents/heartbeat.ts";
import { SkepError } from "../../core/errors.ts";
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";

export default defineCommand({
  name: "beat",
  summary: "give a sign of life, and say how you are",
  notes: [
    "For agents, or anybody with a name; skep health shows it. What an agent of a swarm says holds until it says",
    "something else, starts anew, or an hour is over: its host beats for it. Whoever is none says it again within 30 s.",
  ],
  args: {
    status: { type: "enum", options: statuses, default: "healthy", description: "how you are" },
    detail: { type: "string", valueHint: "TEXT", description: "why, in 1,000 characters at most" },
  },
  examples: [
    ["skep beat --as a1", "alive and well"],
    ['skep beat --status degraded --detail "the disk is slow"', "under skep up it knows its name"],
  ],
  async run(context, { status, detail = "" }) {
    const { as: agent } = context;
    if (agent === undefined)
      throw new SkepError("E_USAGE", "whose sign of life?", {
        hint: "Say who you are with --as NAME or SKEP_AGENT.",
      });
    const { clock, vitals } = await open(context);
    const said = { status, detail: detail === "" ? null : detail };
    const at = await (
      await vitals()
    ).write(async (tx) => {
      const { now, tick } = tx;
      // Who called is what people look for; this process is gone in a moment.
      const beat = { agent, at: now, tick, boot: clock.boot, pid: process.ppid, said };
      await recordBeats(tx, [beat]);
      return now;
    });
    if (context.json) await context.data(JSON.stringify({ agent, ...said, at }));
  },
});
