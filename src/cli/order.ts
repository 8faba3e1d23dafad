// What an order came to, for people and for programs.
import type { Done } from "../agents/orders.ts";
import type { Context } from "./context.ts";

/** Says which agents an order was about. */
export async function sayDone(context: Context, done: Done): Promise<void> {
  if (context.json) return await context.data(JSON.stringify(done));
  const { agents, added, removed, changed, unchanged } = done;
  if (unchanged === undefined) return await context.data(agents.join("\n"));
  const lines = [
    ...list("added", added),
    ...list("removed", removed),
    ...list("started anew", changed),
    `unchanged: ${unchanged}`,
  ];
  await context.data(lines.join("\n"));
}

function list(what: string, names: readonly string[] = []): string[] {
  return names.length === 0 ? [] : [`${what}: ${names.join(", ")}`];
}
