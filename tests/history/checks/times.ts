// In time: nobody is handed a message before its delay is over, nor once nobody wants it any more.
import type { Claimed, Fault, History, Try } from "../history.ts";

// Every process reads the clock in whole milliseconds.
const slackMs = 5;

/** Claims that came too early or too late. */
export function findUntimely(history: History): Fault[] {
  const faults: Fault[] = [];
  for (const { id, claims } of history.lives.values())
    for (const claim of claims) {
      const sent = history.sends.get(claim.got.uid ?? "")?.find(({ outcome }) => outcome === "ok");
      if (sent === undefined) continue;
      const text = early(sent, claim) ?? late(sent, claim);
      // What somebody brings back from the dead letters is wanted, however late that is.
      if (text !== undefined && !wasRetried(history, id, claim))
        faults.push({ check: "in time", text, delivery: id, uid: claim.got.uid });
    }
  return faults;
}

function early({ call: sent, sending }: Try, { call }: Claimed): string | undefined {
  const { delayMs } = sending;
  if (delayMs === undefined || call.endMs >= sent.startMs + delayMs - slackMs) return undefined;
  return `${call.client} got it ${Math.round(call.endMs - sent.startMs)} ms after it was sent, with a delay of ${delayMs}`;
}

function late({ call: sent, sending }: Try, { call }: Claimed): string | undefined {
  const { ttlMs } = sending;
  if (ttlMs === undefined || call.startMs <= sent.endMs + ttlMs + slackMs) return undefined;
  return `${call.client} got it ${Math.round(call.startMs - sent.endMs)} ms after it was sent, and it was wanted for ${ttlMs}`;
}

function wasRetried({ state, rules, calls }: History, id: number, claim: Claimed): boolean {
  for (let epoch = 1; epoch < claim.epoch; epoch++)
    if (state.attempts.get(`${id}.${epoch}`)?.outcome === "retried") return true;
  if (state.deliveries.has(id) || !rules.forgets) return false;
  // Its attempts are forgotten with it.
  return calls.some(
    ({ op, args, outcome, startMs }) =>
      op === "retry" &&
      args.inbox === claim.got.inbox &&
      outcome !== "fail" &&
      startMs < claim.call.endMs,
  );
}
