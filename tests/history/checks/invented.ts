// Nothing invented: whatever is there, or was handed out, was sent, to there, by that sender and in these bytes; and no
// two messages have one id.
import type { Fault, History, Try } from "../history.ts";

/** What is there or was received and was never sent like that. */
export function findInvented(history: History): Fault[] {
  const faults: Fault[] = [];
  const fault = (text: string, uid: string | null, delivery: number) =>
    faults.push({ check: "nothing invented", text, uid, delivery });

  for (const [uid, rows] of history.state.messages) {
    const tries = history.sends.get(uid) ?? [];
    for (const { id, sender, bytes } of rows) {
      if (uid === "") fault(`message ${id} has a body that nobody sent`, null, id);
      else if (tries.every(({ outcome }) => outcome === "fail"))
        fault(`message ${id} is there, and was ${tries.length ? "refused" : "not sent"}`, uid, id);
      else if (!tries.some((one) => senderOf(one) === sender))
        fault(`message ${id} is said to be of ${sender}`, uid, id);
      else if (!tries.some(({ sending }) => sending.bytes === bytes))
        fault(`message ${id} has ${bytes} bytes`, uid, id);
    }
    if (rows.length > 1)
      fault(`is there as messages ${rows.map(({ id }) => id).join(", ")}`, uid, rows[0]!.id);
  }

  const byId = new Map<number, string>();
  for (const [uid, tries] of history.sends)
    for (const { id } of tries.filter(({ outcome }) => outcome === "ok")) {
      const other = byId.get(id!);
      if (other !== undefined && other !== uid)
        fault(`is message ${id}, as ${other} was`, uid, id!);
      byId.set(id!, uid);
    }

  const handedTo = inboxesHandedTo(history);
  for (const { id, claims } of history.lives.values())
    for (const { call, got } of claims) {
      const { uid, inbox } = got;
      const earlier = (history.sends.get(uid ?? "") ?? []).filter(
        (one) => one.outcome !== "fail" && one.call.startMs < call.endMs,
      );
      const before = `${call.client} received message ${got.id}`;
      if (uid === null) fault(`${before} with a body that nobody sent`, null, id);
      else if (earlier.length === 0) fault(`${before}, which was not sent before`, uid, id);
      else if (
        !earlier.some((one) => senderOf(one) === got.from && one.sending.bytes === got.bytes)
      )
        fault(`${before} as one of ${got.from} with ${got.bytes} bytes`, uid, id);
      else if (!earlier.some((one) => mayBeIn(one, inbox, handedTo)))
        fault(`${before} in ${inbox}`, uid, id);
    }
  return faults;
}

function senderOf({ call, sending }: Try): string {
  return sending.from ?? call.client;
}

function mayBeIn(
  { sending: { to } }: Try,
  inbox: string,
  handedTo: ReadonlySet<string | undefined>,
): boolean {
  return to === null || to === inbox || handedTo.has(inbox);
}

/** The inboxes that were handed what was in another one. */
function inboxesHandedTo({ calls }: History): Set<string | undefined> {
  const handed = calls.filter(({ op, outcome }) => op === "handover" && outcome !== "fail");
  return new Set(handed.map(({ args }) => args.to));
}
