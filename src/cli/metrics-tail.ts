// `skep metrics tail`: points as lines.
import { isoTime } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import { checkMetricName } from "../metrics/point.ts";
import { type Recording, tailPoints } from "../metrics/tail.ts";
import type { Context } from "./context.ts";
import { open } from "./open.ts";

export interface TailArgs {
  name: string | undefined;
  last: number;
  /** How far back it begins; undefined: as far as there is anything. */
  sinceMs: number | undefined;
  follow: boolean;
}

/** Prints the last points, and with `follow` those that come until a signal does. */
export async function printTail(
  context: Context,
  { name, last, sinceMs, follow }: TailArgs,
): Promise<void> {
  if (name !== undefined) checkMetricName(name);
  const { vitals } = await open(context);
  const options = { name, last, sinceMs, follow: follow ? context.signal : undefined };
  let count = 0;
  for await (const points of tailPoints(vitals, options))
    for (const point of points) {
      count++;
      await context.data(context.json ? asJson(point) : asText(point));
    }
  if (count === 0 && !follow && last > 0) {
    const of = name === undefined ? "" : ` under ${name}`;
    context.say(
      `nothing was recorded${of}${sinceMs === undefined ? " yet" : ` in the last ${formatDuration(sinceMs)}`}`,
    );
  }
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
