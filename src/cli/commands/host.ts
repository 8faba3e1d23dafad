// `skep host`: runs agents of a swarm. The supervisor calls it; people do not.
import { type Order, orderOf } from "../../agents/host-line.ts";
import { SkepError } from "../../core/errors.ts";
import { textOf } from "../../core/text.ts";
import { hostAgents } from "../../hosts/pool.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { open } from "../open.ts";

const orderBytesMax = 4 * 1024 * 1024;

export default defineCommand({
  name: "host",
  summary: "run agents of a swarm, as told on standard input",
  args: {
    label: {
      type: "positional",
      required: false,
      description: "whom it hosts, for whoever looks at the list of processes",
    },
  },
  async run(context) {
    const app = await open(context);
    await hostAgents(app, {
      orders: ordersOf(context),
      // A supervisor that is gone hears nothing; the end of the orders says so.
      tell: (report) => void context.data(JSON.stringify(report)).catch(() => {}),
      draining: context.signal,
    });
    await app.close();
  },
});

async function* ordersOf(context: Context): AsyncGenerator<Order, void, void> {
  let told = false;
  for await (const lines of context.readLines(orderBytesMax)) {
    for (const line of lines) {
      const order = line === undefined ? undefined : orderOf(textOf(line));
      if (order === undefined) continue;
      told = true;
      yield order;
    }
  }
  if (told || context.signal.aborted) return;
  throw new SkepError("E_USAGE", "this host was not told what to do", {
    hint: "skep up starts hosts.",
  });
}
