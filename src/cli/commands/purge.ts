// `skep purge`: end what waits in an inbox.
import { type Purged, findPurgeable, purge } from "../../bus/purge.ts";
import { checkName } from "../../core/names.ts";
import { defineCommand } from "../command.ts";
import { confirmed } from "../confirm.ts";
import { open } from "../open.ts";

export default defineCommand({
  name: "purge",
  summary: "end what waits in an inbox, for good",
  notes: [
    "What is ready, delayed or parked ends as purged; what somebody holds is left alone. On a terminal it asks first.",
  ],
  args: {
    inbox: { type: "positional", description: "the inbox" },
    olderThan: {
      type: "duration",
      valueHint: "D",
      description: "only what was sent that long ago",
    },
    dead: { type: "boolean", description: "its dead letters too" },
    yes: { type: "boolean", alias: "y", description: "do not ask" },
  },
  examples: [["skep purge a1 --older-than 1d --yes", "end what is older than a day"]],
  async run(context, { inbox, olderThan, dead, yes }) {
    checkName(inbox, "inbox");
    const { bus, store } = await open(context);
    const what = { inbox, olderThanMs: olderThan, dead };
    const found = await store.read((tx) => findPurgeable(tx, what));
    const count = found.live.length + found.dead.length;
    let purged: Purged = { ready: 0, delayed: 0, parked: 0, dead: 0 };
    if (count > 0) {
      const which = `${count} ${count === 1 ? "delivery" : "deliveries"} of ${inbox}`;
      if (!yes && !(await confirmed(context, `end ${which} for good?`)))
        return context.say("nothing was purged");
      const options = { by: context.as ?? null, signal: context.signal };
      purged = await purge(bus, inbox, found, options);
    }
    const sum = Object.values(purged).reduce((total, of) => total + of, 0);
    await context.data(JSON.stringify({ inbox, purged: sum, ...purged }));
  },
});
