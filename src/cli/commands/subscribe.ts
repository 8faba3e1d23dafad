// `skep subscribe`: have what is published put into an inbox.
import { subscribeTx } from "../../bus/subscribe.ts";
import { defineCommand } from "../command.ts";
import { inboxOf, open } from "../open.ts";

export default defineCommand({
  name: "subscribe",
  summary: "get what is published on a topic",
  notes: [
    "* stands for one word of the topic, > in the last place for all that follow: a.*, a.>",
    "An inbox that is not there is made, also while a swarm runs, unless it is an agent that asks.",
    "An inbox that several of its subscriptions would give a message gets it once. Doing it again changes nothing.",
  ],
  args: {
    topic: { type: "positional", description: "the topic, or a pattern" },
    inbox: {
      type: "positional",
      description: "the inbox; your own when left out",
      required: false,
    },
  },
  examples: [
    ["skep subscribe build.failed --as bob", "one topic, into bob's inbox"],
    ["skep subscribe 'build.>' log", "all that begins with build, into the inbox log"],
  ],
  async run(context, { topic, inbox }) {
    const name = inboxOf(context, inbox);
    const app = await open(context);
    const to = inbox === undefined ? await app.inboxOfAgent(name) : name;
    // An agent of a swarm, which has a token, keeps to the inboxes that there are; a person makes one of its own.
    const evenIfClosed = context.token === undefined;
    const subscribed = await app.store.write((tx) => subscribeTx(tx, topic, to, { evenIfClosed }));
    await context.data(JSON.stringify(subscribed));
  },
});
