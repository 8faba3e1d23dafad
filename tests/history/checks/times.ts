// In time: nobody is handed a message before its delay is over, nor once nobody wants it any more.
import type { Claimed, Fault, History, Try } from "../history.ts";

// Every process reads the clock in whole milliseconds.
const slackMs = 5;

/** Claims that came too early or too late. */
export function findUntimely({ sends, lives }: History): Fault[] {
  const faults: Fault[] = [];
  for (const { id, claims } of lives.values())
    for (const claim of claims) {
      const sent = sends.get(claim.got.uid ?? "")?.find(({ outcome }) => outcome === "ok");
      const text = sent === undefined ? undefined : untimely(sent, claim);
      if (text !== undefined)
        faults.push({ check: "in time", text, delivery: id, uid: claim.got.uid });
    }
  return faults;
}

function untimely({ call: sent, sending }: Try, { call }: Claimed): string | undefined {
  const { delayMs, ttlMs } = sending;
  if (delayMs !== undefined && call.endMs < sent.startMs + delayMs - slackMs)
    return `${call.client} got it ${Math.round(call.endMs - sent.startMs)} ms after it was sent, with a delay of ${delayMs}`;
  if (ttlMs !== undefined && call.startMs > sent.endMs + ttlMs + slackMs)
    return `${call.client} got it ${Math.round(call.startMs - sent.endMs)} ms after it was sent, and it was wanted for ${ttlMs}`;
  return undefined;
}
