// What a person is told when an alert could not be told elsewhere.
import type { Emitter } from "../core/events.ts";
import { printable } from "../core/text.ts";
import type { Context } from "./context.ts";

/** Says of each channel for alerts what goes wrong with it, once as long as it goes on. */
export function sayUntold(events: Emitter, context: Context): void {
  events.on("alert.noticed", ({ channel, what, why, isNew }) => {
    if (why === null || !isNew) return;
    const how = what === "dropped" ? "an alert was dropped" : "an alert was not told";
    context.say(printable(`alerts by ${channel}: ${how}: ${why}`));
  });
}
