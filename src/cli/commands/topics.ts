// `skep topics`: who is subscribed to what.
import { listTopics } from "../../bus/topics.ts";
import { columns } from "../columns.ts";
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";

export default defineCommand({
  name: "topics",
  summary: "show who is subscribed to what",
  notes: [
    "SKIPPED counts the messages of skep itself that found the inbox full; nobody else's is ever skipped.",
  ],
  args: {},
  async run(context) {
    const { store } = await open(context);
    const subscriptions = await store.read(listTopics);
    if (context.json) {
      for (const { topic, inbox, createdAt, skipped } of subscriptions)
        await context.data(JSON.stringify({ topic, inbox, created_at: createdAt, skipped }));
      return;
    }
    if (subscriptions.length === 0)
      return context.say("nobody is subscribed to anything: skep subscribe TOPIC INBOX");
    const rows = subscriptions.map(({ topic, inbox, skipped }) => [topic, inbox, String(skipped)]);
    await context.data(columns([["TOPIC", "INBOX", "SKIPPED"], ...rows]));
  },
});
