// No stale success, and no refusal without a reason: a receipt is good until somebody else has claimed, and no longer.
import type { Call, Fault, History, Life, Shown } from "../history.ts";

/** Receipts that were accepted too late, or refused though they were good. */
export function findStale(history: History): Fault[] {
  const drained = history.calls
    .filter(({ op, outcome }) => op === "drain" && outcome === "ok")
    .toSorted((a, b) => a.endMs - b.endMs);
  return [...history.lives.values()].flatMap((life) =>
    life.shown.flatMap((one) => {
      const text =
        one.outcome === "ok" && !one.again
          ? tooLate(life, one, drained)
          : one.outcome === "fail" && one.call.result.code === "E_STALE"
            ? refusedWithoutReason(history, life, one)
            : undefined;
      return text === undefined ? [] : [{ check: "no stale success", text, delivery: life.id }];
    }),
  );
}

function tooLate({ claims }: Life, one: Shown, drained: readonly Call[]): string | undefined {
  const { call, how, receipt, epoch } = one;
  const later = claims.find((claim) => claim.epoch > epoch && claim.call.endMs < call.startMs);
  const did = `${call.client} could ${how} with ${receipt}`;
  if (later !== undefined)
    return `${did} after ${later.call.client} had claimed with ${later.got.receipt}`;
  const own = claims.find((claim) => claim.epoch === epoch);
  if (own === undefined) return undefined;
  // Whatever was held when a drain came to its end was parked by it.
  const drain = firstAfter(drained, own.call.endMs);
  if (drain !== undefined && drain.endMs < call.startMs)
    return `${did} after a drain had parked what it was claimed for`;
  return undefined;
}

function firstAfter(byEnd: readonly Call[], ms: number): Call | undefined {
  let [low, high] = [0, byEnd.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (byEnd[middle]!.endMs > ms) high = middle;
    else low = middle + 1;
  }
  return byEnd[low];
}

function refusedWithoutReason(
  { state, rules }: History,
  { id, shown }: Life,
  { call, how, receipt, epoch, nonce }: Shown,
): string | undefined {
  // Of several that are settled together one may spoil it for all.
  if ((call.args.acks?.length ?? 0) > 1 || call.args.acksAll === true) return undefined;
  const lying = state.deliveries.get(id);
  const refused = `${call.client} was not let ${how} with ${receipt}`;
  if (lying === undefined) return rules.forgets ? undefined : `${refused}, and it is nowhere`;
  if (lying.epoch > epoch || state.attempts.has(`${id}.${epoch}`)) return undefined;
  if (lying.state === "acked" && lying.nonce === nonce) {
    const settled = shown.some(
      (one) => one.how === "ack" && one.call !== call && one.call.startMs < call.endMs,
    );
    return how !== "ack" && settled ? undefined : `${refused}, though it was good to the end`;
  }
  const ended = !["ready", "delayed", "leased"].includes(lying.state);
  return ended ? undefined : `${refused}, and nobody has claimed it since`;
}
