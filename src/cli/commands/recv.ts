// `skep recv`: claim from an inbox, or wait until something comes.
import { deliveryLine } from "../../bus/delivery-line.ts";
import { receive } from "../../bus/receive.ts";
import { isPaused } from "../../agents/registry.ts";
import { ackAllTx } from "../../bus/settle.ts";
import { SkepError } from "../../core/errors.ts";
import { defineCommand } from "../command.ts";
import { inboxOf, open } from "../open.ts";

export default defineCommand({
  name: "recv",
  summary: "take messages from an inbox under a lease",
  notes: [
    "Prints a JSON line for each. Reading is not acknowledging: settle with skep ack RECEIPT before the lease ends,",
    "or the message goes to somebody else. Exit 3 when nothing came in time.",
  ],
  args: {
    inbox: {
      type: "positional",
      description: "the inbox; your own when left out",
      required: false,
    },
    wait: {
      type: "duration",
      valueHint: "D",
      description: "how long to wait for a message",
      default: "0s",
    },
    max: {
      type: "whole",
      least: 1,
      most: 100,
      valueHint: "N",
      description: "how many at most",
      default: "1",
    },
    lease: {
      type: "duration",
      valueHint: "D",
      description: "how long they are yours (default 60s)",
    },
    ack: {
      type: "boolean",
      description: "acknowledge what was printed: what is lost after that is lost",
    },
  },
  examples: [
    ["skep recv a1 --wait 30s", "wait for one message"],
    ["skep recv a1 --max 100 --ack", "take all there is"],
  ],
  async run(context, args) {
    const name = inboxOf(context, args.inbox);
    const app = await open(context);
    const inbox = args.inbox === undefined ? await app.inboxOfAgent(name) : name;
    const { bus } = app;
    const leaseMs = args.lease ?? bus.settings.leaseMs;
    if (leaseMs < 1) throw new SkepError("E_USAGE", "--lease has to be longer than nothing");
    const holder = context.as ?? null;
    const signal = args.wait > 0 ? context.signal : undefined;
    const claimed = await receive(bus, {
      inbox,
      holder,
      max: args.max,
      leaseMs,
      waitMs: args.wait,
      signal,
      mayClaim: holder === null ? undefined : async (tx) => !(await isPaused(tx, holder)),
    });
    if (claimed.length === 0) {
      if (holder !== null && (await bus.store.read((tx) => isPaused(tx, holder))))
        throw new SkepError("E_EMPTY", `${holder} is paused, and claims nothing`, {
          hint: `skep unpause ${holder} has it go on.`,
        });
      throw new SkepError("E_EMPTY", `nothing in ${inbox}${args.wait > 0 ? " in time" : ""}`, {
        hint: args.wait > 0 ? undefined : "Wait for a message with --wait 30s.",
      });
    }
    for (const delivery of claimed) await context.data(deliveryLine(delivery));
    // Only now: with nobody left to read the lines, the messages have to go to somebody else.
    if (args.ack)
      await bus.store.write(
        (tx) =>
          ackAllTx(
            tx,
            claimed.map(({ receipt }) => receipt!),
          ),
        { essential: true },
      );
  },
});
