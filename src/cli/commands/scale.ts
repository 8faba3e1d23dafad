// `skep scale`: changes how many agents of a group run.
import { SkepError } from "../../core/errors.ts";
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";
import { sayDone } from "../order.ts";

export default defineCommand({
  name: "scale",
  summary: "change how many agents of a group run",
  notes: [
    "The file stays as it is: the next skep up of it has as many as it says. Agents that are too many finish what they hold.",
    "It says what is left in the inboxes of those that are gone, and whether another number is another topology (auto).",
  ],
  args: {
    group: { type: "positional", description: "a group of the swarm file" },
    count: { type: "positional", description: "how many of them there are to be" },
  },
  examples: [["skep scale counter 12", "have 12 counters"]],
  async run(context, { group, count }) {
    const amount = amountOf(count);
    const app = await open(context);
    await sayDone(
      context,
      await app.order({ verb: "scale", subject: group, amount }, context.signal),
    );
  },
});

function amountOf(count: string): number {
  if (/^\d{1,5}$/.test(count) && Number(count) <= 10_000) return Number(count);
  throw new SkepError("E_USAGE", `${JSON.stringify(count)} is no number of agents`, {
    hint: "Write a whole number from 0 to 10000.",
  });
}
