// `skep metrics tail`: points as lines.
import { isoTime } from "../core/clock.ts";
import { type Recording, tailPoints } from "../metrics/tail.ts";
import type { Context } from "./context.ts";
import { open } from "./open.ts";

export interface TailArgs {
  name: string | undefined;
  last: number;
  follow: boolean;
}

/** Prints the last points, and with `follow` those that come until a signal does. */
export async function printTail(context: Context, { name, last, follow }: TailArgs): Promise<void> {
  const { vitals } = await open(context);
  const options = { name, last, follow: follow ? context.signal : undefined };
  let count = 0;
  for await (const points of tailPoints(vitals, options))
    for (const point of points) {
      count++;
      await context.data(context.json ? asJson(point) : asText(point));
    }
  if (count === 0 && !follow) context.say("nothing was recorded yet");
}

function asJson({ tags, ...point }: Recording): string {
  return JSON.stringify({ ...point, tags: JSON.parse(tags) });
}

// What is in it was checked when it was recorded: nothing that could drive a terminal.
function asText({ at, name, value, unit, agent, tags }: Recording): string {
  const pairs = Object.entries(JSON.parse(tags) as Record<string, string>);
  const words = pairs.map(([tag, text]) => `${tag}=${text}`);
  return [isoTime(at), name, `${value}`, unit, agent ?? "-", ...words].join("  ");
}
