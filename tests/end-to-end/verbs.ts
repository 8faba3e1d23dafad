// What several tests do with the executable on their way to what they are about.
import { jsonLines } from "./json.ts";
import type { Place } from "./place.ts";

/** Sends `count` messages to a1 and claims them: their receipts. */
export async function received(skep: Place["skep"], count: number): Promise<string[]> {
  for (let i = 0; i < count; i++) await skep(["send", "a1", `${i}`]);
  // For longer than all that is done with them takes on a busy machine.
  const { stdout } = await skep(["recv", "a1", "--max", `${count}`, "--lease", "1h"]);
  return jsonLines(stdout).map(({ receipt }) => receipt);
}

/** How every inbox stands, by name. */
export async function sums(skep: Place["skep"]): Promise<Record<string, Record<string, number>>> {
  const lines = jsonLines<Record<string, number> & { inbox: string }>(
    (await skep(["inboxes", "--json"])).stdout,
  );
  return Object.fromEntries(lines.map((line) => [line.inbox, line]));
}

/** The line of a batch that sends `body` to `to`. */
export function draftLine(to: string, body: string): string {
  return `${JSON.stringify({ to, body })}\n`;
}
