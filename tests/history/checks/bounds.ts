// Bounds: no inbox ever holds more than its cap, and no delivery is tried more often than it may be.
import type { Fault, History } from "../history.ts";

/** Inboxes that were seen too full, and deliveries that were handed out too often. */
export function findOverfull(history: History): Fault[] {
  const { overfull, lives, rules } = history;
  const faults: Fault[] = [];
  for (const { t, inbox, taken, bytes } of overfull) {
    const { places, weight } = excused(history, inbox, t);
    if (taken > rules.cap + places)
      faults.push({
        check: "bounds",
        text: `${inbox} held ${taken} with a cap of ${rules.cap}${places > 0 ? ` and ${places} that came back` : ""}`,
      });
    if (bytes > rules.capBytes + weight)
      faults.push({
        check: "bounds",
        text: `${inbox} held ${bytes} bytes with a cap of ${rules.capBytes}`,
      });
  }
  for (const { id, claims } of lives.values()) {
    const most = claims.find(({ got }) => got.attempt > rules.maxAttempts);
    if (most !== undefined)
      faults.push({
        check: "bounds",
        text: `was handed out for attempt ${most.got.attempt} of ${rules.maxAttempts}`,
        delivery: id,
      });
  }
  return faults;
}

/** What comes back, or is handed over, is never refused. */
function excused(
  { calls, rules }: History,
  inbox: string,
  t: number,
): { places: number; weight: number } {
  let places = 0;
  for (const { op, args, outcome, result, startMs } of calls) {
    if (startMs > t || outcome === "fail") continue;
    // What is retried may ask for an answer, and has a slot for it again, in whichever inbox that is: its own, too.
    if (op === "retry") places += 2 * (result.count ?? Number.POSITIVE_INFINITY);
    // With what is handed over come the slots for its answers, of which it does not tell.
    if (op === "handover" && args.to === inbox) places = Number.POSITIVE_INFINITY;
  }
  return { places, weight: places === 0 ? 0 : places * rules.bodyBytesMax };
}
