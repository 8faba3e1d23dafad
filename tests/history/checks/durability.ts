// Durability by mode: a power cut may take the newest commits where that was agreed on, and never one from between.
import type { Call, Fault, History } from "../history.ts";

/** Calls whose effect is there although that of an earlier one is gone. */
export function findHoles({ calls, cut }: History): Fault[] {
  if (cut === undefined) return [];
  let firstLost: Call | undefined;
  const kept: Call[] = [];
  for (const call of calls) {
    const effect = effectOf(call, cut);
    if (effect === "kept") kept.push(call);
    if (effect === "lost" && (firstLost === undefined || call.endMs < firstLost.endMs))
      firstLost = call;
  }
  if (firstLost === undefined) return [];
  const lost = firstLost;
  return kept
    .filter(({ startMs }) => startMs > lost.endMs)
    .map((call) => ({
      check: "durability by mode",
      text: `a power cut took ${nameOf(lost)} and left ${nameOf(call)}, which came later`,
      uid: lost.args.sends?.[0]?.uid,
    }));
}

/** What became of what a call was told is done; undefined when it is none that can be found. */
function effectOf(
  { outcome, result, args }: Call,
  cut: NonNullable<History["cut"]>,
): "kept" | "lost" | undefined {
  if (outcome !== "ok") return undefined;
  const fresh = (result.sent ?? []).findIndex(
    (id, index) => typeof id === "number" && result.again?.includes(index) !== true,
  );
  if (fresh !== -1) {
    const rows = cut.messages.get(args.sends?.[fresh]?.uid ?? "") ?? [];
    return rows.some(({ id }) => id === result.sent![fresh]) ? "kept" : "lost";
  }
  const acked = result.acked?.find(({ again }) => again !== true);
  if (acked === undefined) return undefined;
  const delivery = Number.parseInt(acked.receipt, 10);
  return cut.deliveries.get(delivery)?.state === "acked" ? "kept" : "lost";
}

function nameOf({ client, n, op }: Call): string {
  return `call ${n} of ${client} (${op})`;
}
