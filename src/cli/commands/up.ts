// `skep up`: runs a swarm in the foreground.
import { withSkepOnPath } from "../../agents/executable.ts";
import { type EnvironmentRule, agentEnvironment } from "../../config/environment.ts";
import { readSwarmFile } from "../../config/swarm-file.ts";
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";
import { summaryJson, summaryText } from "../summary.ts";
import { planJson, planText } from "../swarm-plan.ts";

export default defineCommand({
  name: "up",
  summary: "run the agents of a swarm file",
  notes: [
    "Ctrl-C drains: nothing new is claimed, what is in hand is finished, the rest is parked for the next up.",
    "A second Ctrl-C skips the waiting, a third leaves at once. Exit 8 when all agents ended by themselves and one of them failed or died.",
  ],
  args: {
    file: {
      type: "positional",
      description: "the swarm file (default skep.swarm.toml)",
      required: false,
    },
    check: {
      type: "boolean",
      description: "say what would run, or all that is wrong with the file, and start nothing",
    },
  },
  examples: [
    ["skep up swarm.toml", "run it here"],
    ["skep up swarm.toml --check", "is the file right, and what would run?"],
  ],
  createsHome: true,
  async run(context, { file = "skep.swarm.toml", check }) {
    const swarm = await readSwarmFile(file, searchPath);
    if (check) return context.data(context.json ? planJson(swarm) : planText(swarm));
    const app = await open(context);
    const { signal, urgent } = context;
    app.events.on("agent.said", ({ name, text }) => context.say(`${name}: ${text.trimEnd()}`));
    app.events.on("agent.ended", ({ name, state, reason, killed }) => {
      if (state === "failed") context.say(`${name} failed: ${reason}`);
      if (state !== "dead") return;
      const left = killed > 0 ? `; ${killed} of its processes killed` : "";
      context.say(`${name} died: ${reason}${left}`);
    });
    app.events.on("swarm.started", ({ swarm: name, agents }) =>
      context.say(
        `${name}: starting ${agents} ${agents === 1 ? "agent" : "agents"} in ${app.home}`,
      ),
    );
    const tell = (when: AbortSignal, what: string) =>
      when.addEventListener("abort", () => context.say(`${swarm.name}: ${what}`), { once: true });
    tell(signal, "draining; once more skips the waiting");
    tell(urgent, "waiting no longer; once more leaves at once");
    const summary = await app.runSwarm(swarm, { signal, urgent });
    await context.data(context.json ? summaryJson(summary) : summaryText(summary));
    await app.close();
    if (!summary.conservation.holds) return 1;
    if (summary.stopAsked) return 0;
    if (signal.aborted) return undefined;
    return summary.agents.failed + summary.agents.dead > 0 ? 8 : 0;
  },
});

function searchPath(env: readonly EnvironmentRule[]): string {
  return withSkepOnPath(agentEnvironment(env))["PATH"]!;
}
