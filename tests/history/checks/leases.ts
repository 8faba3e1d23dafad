// Lease exclusion: each claim of a delivery has a higher number than the one before, and comes when that one is over.
import type { Call, Claimed, Fault, History, Life } from "../history.ts";

// Every process counts the same clock in whole milliseconds.
const slackMs = 5;

/** Claims of one delivery that overlap, or whose numbers do not rise. */
export function findOverlaps(history: History): Fault[] {
  const closed = closedSpans(history.calls);
  const handed = history.calls.filter(({ op }) => op === "hand-back" || op === "handover");
  return [...history.lives.values()].flatMap((life) =>
    [...faultsOf(life, closed, handed)].map((text) => ({
      check: "lease exclusion",
      text,
      delivery: life.id,
    })),
  );
}

function* faultsOf(
  life: Life,
  closed: readonly Span[],
  handed: readonly Call[],
): Generator<string> {
  const { claims } = life;
  for (let at = 1; at < claims.length; at++) {
    const [one, next] = [claims[at - 1]!, claims[at]!];
    const who = `${one.call.client} with ${one.got.receipt} and ${next.call.client} with ${next.got.receipt}`;
    if (one.epoch === next.epoch) yield `was claimed by ${who}: the same number`;
    else if (next.call.endMs < one.call.startMs) yield `was claimed by ${who}: the later one first`;
    else {
      const earlyMs = heldUntil(life, one, next.call) - slackMs - next.call.endMs;
      if (earlyMs > 0 && !isOver(life, one, next.call, closed, handed))
        yield `was claimed by ${who}, ${Math.round(earlyMs)} ms before the first lease was over`;
    }
  }
}

/** Until when the lease of `claim` lasted at least when `next` began; each extension sets its end anew. */
function heldUntil({ shown }: Life, claim: Claimed, next: Call): number {
  let untilMs = claim.call.startMs + claim.leaseMs;
  for (const { how, receipt, outcome, call } of shown) {
    if (how !== "extend" || receipt !== claim.got.receipt || outcome === "fail") continue;
    const newMs = call.startMs + call.args.forMs!;
    const certain = outcome === "ok" && call.endMs < next.startMs;
    untilMs = certain ? newMs : Math.min(untilMs, newMs);
  }
  return untilMs;
}

/** Whether the lease of `claim` may have been over before its time when `next` came. */
function isOver(
  { shown }: Life,
  { got: { receipt, inbox }, call }: Claimed,
  next: Call,
  closed: readonly Span[],
  handed: readonly Call[],
): boolean {
  const between = ({ startMs, endMs }: Span) => startMs < next.endMs && endMs > call.startMs;
  const givenBack = shown.some(
    (one) =>
      one.how !== "extend" &&
      one.receipt === receipt &&
      one.outcome !== "fail" &&
      between(one.call),
  );
  return (
    givenBack ||
    closed.some(between) ||
    handed.some(
      (one) => between(one) && (one.args.holder === call.client || one.args.inbox === inbox),
    )
  );
}

interface Span {
  startMs: number;
  endMs: number;
}

/** When the bus was being drained, or was drained: all leases are taken back some time in there. */
function closedSpans(calls: readonly Call[]): Span[] {
  const spans: Span[] = [];
  let open: Span | undefined;
  for (const { op, outcome, startMs, endMs } of calls) {
    if (op === "drain" && open === undefined)
      spans.push((open = { startMs, endMs: Number.POSITIVE_INFINITY }));
    if (op !== "resume" || outcome !== "ok" || open === undefined) continue;
    open.endMs = endMs;
    open = undefined;
  }
  return spans;
}
