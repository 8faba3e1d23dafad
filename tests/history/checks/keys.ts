// Idempotency: however often a message is sent with its key it is one message, and its key is no other's.
import { addTo } from "../group.ts";
import type { Fault, History, Try } from "../history.ts";

/** Keys that brought more than one message about, or stood for two. */
export function findDoubleKeys(history: History): Fault[] {
  const byKey = new Map<string, Try[]>();
  for (const tries of history.sends.values())
    for (const one of tries) {
      const { key, from = one.call.client } = one.sending;
      if (key === undefined) continue;
      addTo(byKey, `${from} ${key}`, one);
    }
  return [...byKey].flatMap(([name, tries]) => [...faultsOf(history, name, tries)]);
}

function* faultsOf({ state }: History, name: string, tries: readonly Try[]): Generator<Fault> {
  const fault = (text: string, one: Try): Fault => ({
    check: "idempotency",
    text: `key ${name}: ${text}`,
    uid: one.sending.uid,
    delivery: one.id,
  });
  const accepted = tries.filter(({ outcome }) => outcome === "ok");
  const ids = new Set(accepted.map(({ id }) => id));
  if (ids.size > 1) yield fault(`answered with ${[...ids].join(" and ")}`, accepted[0]!);
  const firsts = accepted.filter(({ again }) => !again);
  if (firsts.length > 1) yield fault(`sent ${firsts.length} times for the first time`, firsts[0]!);
  const bodies = new Set(tries.map(({ sending }) => sending.uid));
  const there = [...bodies].flatMap((uid) => state.messages.get(uid) ?? []);
  if (there.length > 1)
    yield fault(`is messages ${there.map(({ id }) => id).join(", ")}`, tries[0]!);
  for (const one of tries) {
    const earlier = accepted.find(
      ({ call, sending }) => call.endMs < one.call.startMs && sending.uid !== one.sending.uid,
    );
    if (earlier !== undefined && one.outcome === "ok")
      yield fault(`took ${one.sending.uid} after ${earlier.sending.uid}`, one);
    const same = accepted.find(
      ({ call, sending }) => call.endMs < one.call.startMs && sending.uid === one.sending.uid,
    );
    if (same !== undefined && one.code === "E_CONFLICT")
      yield fault(`was refused to ${one.sending.uid}, which has it`, one);
  }
}
