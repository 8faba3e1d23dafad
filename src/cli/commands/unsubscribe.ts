// `skep unsubscribe`: get no more of what is published.
import { unsubscribeTx } from "../../bus/unsubscribe.ts";
import { defineCommand } from "../command.ts";
import { inboxOf, open } from "../open.ts";

export default defineCommand({
  name: "unsubscribe",
  summary: "get no more of what is published on a topic",
  notes: ["What has come stays in the inbox. Exit 3 when there was no such subscription."],
  args: {
    topic: { type: "positional", description: "the topic or pattern, as it was subscribed to" },
    inbox: {
      type: "positional",
      description: "the inbox; your own when left out",
      required: false,
    },
  },
  examples: [["skep unsubscribe 'build.>' log", "the inbox log has had enough"]],
  async run(context, { topic, inbox }) {
    const name = inboxOf(context, inbox);
    const app = await open(context);
    const from = inbox === undefined ? await app.inboxOfAgent(name) : name;
    const unsubscribed = await app.store.write((tx) => unsubscribeTx(tx, topic, from));
    await context.data(JSON.stringify(unsubscribed));
  },
});
