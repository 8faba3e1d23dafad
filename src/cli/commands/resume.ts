// `skep resume`: opens a drained bus again.
import { resumeTx } from "../../bus/resume.ts";
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";

export default defineCommand({
  name: "resume",
  summary: "end a drain: what it parked is there again",
  notes: ["Where nothing drains it does nothing. What a stopped swarm left comes back with up."],
  args: {},
  async run(context) {
    const { bus } = await open(context);
    const { resumed, already } = await bus.store.write(resumeTx);
    if (context.json) await context.data(JSON.stringify({ resumed, already }));
    else
      await context.data(
        already
          ? "the bus was not draining: nothing to do"
          : `the bus is open: ${resumed} ${resumed === 1 ? "delivery" : "deliveries"} brought back`,
      );
  },
});
