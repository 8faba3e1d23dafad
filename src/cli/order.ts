// What an order came to, for people and for programs.
import type { Done, Left } from "../agents/orders.ts";
import type { Context } from "./context.ts";

/** Says which agents an order was about. */
export async function sayDone(context: Context, done: Done): Promise<void> {
  if (context.json) return await context.data(JSON.stringify(done));
  const { agents, added, removed, changed, again, unchanged, failed = [], left = [] } = done;
  if (unchanged === undefined)
    return await context.data([...agents, ...list("started now", again)].join("\n"));
  const lines = [
    ...list("added", added),
    ...list("removed", removed),
    ...list("started anew", changed),
    ...list("started now", again),
    `unchanged: ${unchanged}`,
    ...list("failed as before", failed),
    ...(failed.length === 0 ? [] : [`  skep restart ${failed[0]} starts it anew`]),
    ...left.flatMap(leftIn),
    ...topologyOf(done),
  ];
  await context.data(lines.join("\n"));
}

function leftIn({ inbox, messages }: Left): string[] {
  const are = messages === 1 ? "1 message is" : `${messages} messages are`;
  return [
    `${are} left in ${inbox}, which no agent works on any more`,
    `  skep recv ${inbox} takes them out one by one, skep purge ${inbox} ends them`,
  ];
}

function topologyOf({ topology }: Done): string[] {
  if (topology === undefined) return [];
  const { now, why, before } = topology;
  return [`topology: ${now} (${why}); it was ${before}`];
}

function list(what: string, names: readonly string[] = []): string[] {
  return names.length === 0 ? [] : [`${what}: ${names.join(", ")}`];
}
