// `skep extend`: keep what was claimed for longer.
import { extendTx } from "../../bus/settle.ts";
import { SkepError } from "../../core/errors.ts";
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";

export default defineCommand({
  name: "extend",
  summary: "keep what you received for longer",
  args: {
    receipt: { type: "positional", description: "the receipt that recv printed" },
    lease: { type: "duration", valueHint: "D", description: "how long from now (default 60s)" },
  },
  async run(context, { receipt, lease }) {
    const { store, bus } = await open(context, { essential: true });
    const leaseMs = lease ?? bus.settings.leaseMs;
    if (leaseMs < 1) throw new SkepError("E_USAGE", "--lease has to be longer than nothing");
    const { leaseUntil, ...extended } = await store.write((tx) => extendTx(tx, receipt, leaseMs), {
      essential: true,
    });
    await context.data(JSON.stringify({ ...extended, lease_until: leaseUntil }));
  },
});
