// Conservation at a drain: the sums hold, nothing is left in anybody's hands, nothing goes in or out while the bus is
// closed, and what was parked comes back.
import type { Call, Fault, History } from "../history.ts";

const check = "conservation at drain";

/** Drains that left something, let something through, or lost what they parked. */
export function findLeakyDrains({ calls }: History): Fault[] {
  return spansOf(calls).flatMap((span) => {
    const texts = [...sumFaults(span), ...leaks(span), ...returnFaults(span)];
    return texts.map((text) => ({ check, text }));
  });
}

/** A drain that came to its end, what was called until the bus was opened again, and by whom that was. */
interface Span {
  drain: Call;
  during: Call[];
  /** The purges that may have ended something of what it parked. */
  purges: Call[];
  resume: Call | undefined;
}

// One client drains and resumes, one after the other.
function spansOf(calls: readonly Call[]): Span[] {
  const spans: Span[] = [];
  let open: Span | undefined;
  for (const call of calls) {
    if (call.op === "drain" && call.outcome === "ok") {
      open = { drain: call, during: [], purges: [], resume: undefined };
      spans.push(open);
    } else if (call.op === "resume") {
      if (open !== undefined) open.resume = call;
      open = undefined;
    } else open?.during.push(call);
  }
  addPurges(spans, calls);
  return spans;
}

/** Gives each span the purges that may have done their work in it: they may have begun before, and end after it. */
function addPurges(spans: readonly Span[], calls: readonly Call[]): void {
  let first = 0;
  for (const purge of calls) {
    if (purge.op !== "purge" || purge.outcome === "fail") continue;
    while (first < spans.length && endOf(spans[first]!) < purge.startMs) first++;
    for (let at = first; at < spans.length && spans[at]!.drain.startMs < purge.endMs; at++)
      spans[at]!.purges.push(purge);
  }
}

function endOf({ resume }: Span): number {
  return resume?.endMs ?? Number.POSITIVE_INFINITY;
}

function sumFaults({ drain: { client, result } }: Span): string[] {
  return result.holds === true ? [] : [`${client} was told that the sums do not hold`];
}

/** What was let through between the end of the drain and the beginning of the resume. */
function* leaks({ drain, during, resume }: Span): Generator<string> {
  for (const { client, op, args, result, outcome, startMs, endMs } of during) {
    const meanwhile =
      startMs > drain.endMs && endMs < (resume?.startMs ?? Number.POSITIVE_INFINITY);
    if (!meanwhile || outcome !== "ok") continue;
    const { ready = 0, delayed = 0, leased = 0 } = result.live ?? {};
    if (op === "look" && ready + delayed + leased > 0)
      yield `${ready} ready, ${delayed} delayed and ${leased} leased after a drain`;
    if (result.sent?.some((id) => typeof id === "number"))
      yield `${client} could send ${args.sends?.[0]?.uid} to a drained bus`;
    if (args.claim !== undefined) yield `${client} could claim from a drained bus`;
  }
}

function* returnFaults({ drain, purges, resume }: Span): Generator<string> {
  if (resume?.outcome !== "ok") return;
  if (resume.result.already === true) {
    yield `${resume.client} found nothing to resume after a drain`;
    return;
  }
  const parked = drain.result.parked ?? 0;
  const back = resume.result.count ?? 0;
  const purged = purges.reduce(
    (sum, { result }) => sum + (result.count ?? Number.POSITIVE_INFINITY),
    0,
  );
  if (back > parked || back < parked - purged)
    yield `${parked} were parked, ${purged} purged meanwhile, and ${back} came back`;
}
