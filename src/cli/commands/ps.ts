// `skep ps`: the agents of the swarm.
import { columns } from "../columns.ts";
import { defineCommand } from "../command.ts";
import { agentJson, agentRow, agentHeadings } from "../agents.ts";
import { open } from "../open.ts";
import { supervisorTrouble } from "../supervisor-trouble.ts";

export default defineCommand({
  name: "ps",
  summary: "list the agents and how they are",
  args: {},
  async run(context) {
    const app = await open(context);
    const agents = await app.agents();
    const run = await app.lastRun();
    const trouble = supervisorTrouble(run);
    if (trouble !== undefined) context.say(`${run!.swarm}: ${trouble}`);
    if (context.json) {
      for (const agent of agents) await context.data(JSON.stringify(agentJson(agent)));
      return;
    }
    if (agents.length === 0) return context.say("no agents: skep up FILE starts some");
    await context.data(
      columns([agentHeadings, ...agents.map((agent) => agentRow(agent, app.clock.now()))]),
    );
  },
});
