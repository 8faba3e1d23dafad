// Order: what a sender sent to an inbox within one priority is handed out in that order, the first time; and whoever
// claims several gets the most urgent first, then the oldest.
import { addTo } from "../group.ts";
import { type Claimed, type Fault, type History, type Try, partsOf } from "../history.ts";

/** First deliveries that overtook an earlier one, and claims that are out of order. */
export function findDisorder(history: History): Fault[] {
  return [...overtaken(history), ...unsorted(history)];
}

function* overtaken({ sends, lives }: History): Generator<Fault> {
  const rows = new Map<string, { sent: Try; first: Claimed }[]>();
  for (const [, [sent]] of sends) {
    const first = sent?.outcome === "ok" ? lives.get(sent.id!)?.claims[0] : undefined;
    if (sent === undefined || first?.epoch !== 1 || !keepsItsPlace(sent)) continue;
    const { to, from = sent.call.client, priority } = sent.sending;
    const key = `${from} to ${to} with priority ${priority ?? 4}`;
    addTo(rows, key, { sent, first });
  }
  for (const [key, row] of rows) {
    row.sort((a, b) => a.sent.id! - b.sent.id!);
    // From the last one on: the earliest end of all that were sent later.
    let earliest: Claimed | undefined;
    for (const { sent, first } of row.toReversed()) {
      if (earliest !== undefined && earliest.call.endMs < first.call.startMs) {
        const text = `${key}: ${earliest.got.uid} was claimed before ${sent.sending.uid}`;
        yield { check: "order", text, delivery: sent.id, uid: sent.sending.uid };
      }
      if (earliest === undefined || first.call.endMs < earliest.call.endMs) earliest = first;
    }
  }
}

// What comes later, to several or as an answer has a place of its own.
function keepsItsPlace({ sending, again }: Try): boolean {
  const { to, delayMs = 0, topic, isReply } = sending;
  return !again && to !== null && delayMs === 0 && topic === undefined && isReply !== true;
}

function* unsorted({ calls, sends }: History): Generator<Fault> {
  for (const { client, result } of calls) {
    const got = result.got ?? [];
    for (let at = 1; at < got.length; at++) {
      const [one, next] = [got[at - 1]!, got[at]!];
      const [a, b] = [partsOf(one.receipt).delivery, partsOf(next.receipt).delivery];
      if (one.priority > next.priority || (one.priority === next.priority && a < b)) continue;
      const text = `${client} claimed ${one.uid} (priority ${one.priority}) and ${next.uid} (${next.priority}) in that order`;
      yield { check: "order", text, delivery: b, uid: next.uid };
    }
  }
  yield* backwards(sends);
}

/** Messages of one sender whose ids do not rise as it sent them. */
function* backwards(sends: History["sends"]): Generator<Fault> {
  const last = new Map<string, Try>();
  for (const [uid, [sent]] of sends) {
    if (sent?.outcome !== "ok" || sent.again) continue;
    const before = last.get(sent.call.client);
    if (before !== undefined && before.id! >= sent.id!)
      yield {
        check: "order",
        text: `is message ${sent.id}, and ${before.sending.uid}, sent before it, is ${before.id}`,
        uid,
        delivery: sent.id,
      };
    last.set(sent.call.client, sent);
  }
}
