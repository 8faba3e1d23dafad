// `skep logs`: what the agents wrote.
import { defineCommand } from "../command.ts";
import { writeLogs } from "../log-lines.ts";
import { open } from "../open.ts";

export default defineCommand({
  name: "logs",
  summary: "show what agents wrote, and with -f what they write from now on",
  notes: [
    "Without AGENT the lines of all agents, each with its name, and as `skep` the words of the swarm itself.",
    "What could drive your terminal is shown as an escape, colours and the like are left out, and a line ends after 10,000 characters; --raw leaves all as it was written.",
  ],
  args: {
    agent: {
      type: "positional",
      required: false,
      description: "an agent, or a group of them (default all)",
    },
    follow: { type: "boolean", alias: "f", description: "go on until Ctrl-C" },
    lines: {
      type: "whole",
      least: 0,
      most: 1_000_000,
      default: "20",
      description: "how many lines of each log to begin with",
    },
    raw: { type: "boolean", description: "as it was written, escape sequences and all" },
  },
  examples: [
    ["skep logs -f", "watch them all"],
    ["skep logs counter-7 --lines 100", "the last 100 lines of one agent"],
  ],
  async run(context, { agent: subject, follow, lines, raw }) {
    const { home, agents } = await open(context);
    const question = { home, subject, lines, agents, follow: follow ? context.signal : undefined };
    const all = await agents();
    const isGroup = all.some(({ group }) => group === subject);
    const isOne = subject !== undefined && (!isGroup || all.some(({ name }) => name === subject));
    const members = all.filter(({ group }) => subject === undefined || group === subject);
    const names = isOne ? undefined : members.map(({ name }) => name);
    const count = await writeLogs(context, question, { names, raw });
    if (count === 0 && lines > 0 && !follow) context.say("nothing was written yet");
  },
});
