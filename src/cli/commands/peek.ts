// `skep peek`: look at an inbox without taking anything.
import { deliveryLine } from "../../bus/delivery-line.ts";
import { peek } from "../../bus/inboxes.ts";
import { defineCommand } from "../command.ts";
import { inboxOf, open } from "../open.ts";

export default defineCommand({
  name: "peek",
  summary: "look at what is ready in an inbox, taking nothing",
  args: {
    inbox: {
      type: "positional",
      description: "the inbox; your own when left out",
      required: false,
    },
    max: {
      type: "whole",
      least: 1,
      most: 1000,
      valueHint: "N",
      description: "how many at most",
      default: "10",
    },
  },
  async run(context, args) {
    const name = inboxOf(context, args.inbox);
    const app = await open(context);
    const inbox = args.inbox === undefined ? await app.inboxOfAgent(name) : name;
    const ready = await app.store.read((tx) => peek(tx, inbox, args.max));
    for (const delivery of ready) await context.data(deliveryLine(delivery));
    if (ready.length === 0) context.say(`nothing is ready in ${inbox}`);
  },
});
