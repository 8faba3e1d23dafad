// Single ack: a delivery is acked once, and it is that ack which it shows in the end.
import type { Fault, History, Life, Shown } from "../history.ts";

/** Deliveries that were acked twice, or whose ack did not last. */
export function findDoubleAcks(history: History): Fault[] {
  return [...history.lives.values()].flatMap((life) =>
    [...faultsOf(history, life)].map((text) => ({ check: "single ack", text, delivery: life.id })),
  );
}

function* faultsOf({ state, rules }: History, { id, shown }: Life): Generator<string> {
  const acks = shown.filter(({ how }) => how === "ack");
  const accepted = acks.filter(({ outcome, again }) => outcome === "ok" && !again);
  if (accepted.length > 1) yield `was acked ${accepted.length} times: ${said(accepted)}`;
  for (const one of acks) {
    if (!one.again) continue;
    const first = acks.some(
      (other) => other !== one && isSame(other, one) && other.call.startMs < one.call.endMs,
    );
    if (!first) yield `was told that it had been acked with ${one.receipt}, which nobody did`;
  }
  const lying = state.deliveries.get(id);
  for (const one of acks.filter(({ outcome }) => outcome === "ok")) {
    if (lying === undefined && rules.forgets) continue;
    if (lying?.state === "acked" && lying.epoch === one.epoch && lying.nonce === one.nonce)
      continue;
    yield `was acked with ${one.receipt}, and is ${lying?.state ?? "nowhere"} in the end`;
  }
}

function isSame(one: Shown, other: Shown): boolean {
  return one.receipt === other.receipt && one.outcome !== "fail";
}

function said(shown: readonly Shown[]): string {
  return shown.map(({ call, receipt }) => `${call.client} with ${receipt}`).join(", ");
}
