// Nothing lost: what was accepted is there, in one place, and what ended had a reason to.
import type { Fault, History, Life, Try } from "../history.ts";
import type { Lying } from "../state.ts";

/** What was accepted and is nowhere, and what ended though nobody ended it. */
export function findLost(history: History): Fault[] {
  const faults: Fault[] = [];
  const { messages, deliveries } = history.state;
  const known = knownOf(history);
  for (const [uid, tries] of history.sends)
    for (const { id } of tries.filter(({ outcome }) => outcome === "ok")) {
      const rows = messages.get(uid) ?? [];
      if (rows.some((row) => row.id === id)) continue;
      if (rows.length === 0 && history.rules.forgets && mayHaveEnded(history, id!, tries, known))
        continue;
      const where = rows.length === 0 ? "nowhere" : `message ${rows[0]!.id}`;
      faults.push(fault(`was accepted as message ${id} and is ${where}`, uid, id));
    }
  for (const [uid, rows] of messages)
    for (const { id, deliveries: count } of rows)
      for (let delivery = id; delivery < id + count && !history.rules.forgets; delivery++)
        if (!deliveries.has(delivery))
          faults.push(fault(`message ${id} is there, and its delivery nowhere`, uid, delivery));
  for (const lying of deliveries.values()) {
    const why = withoutReason(history, lying, known);
    if (why !== undefined) faults.push(fault(why, undefined, lying.id));
  }
  return faults;
}

function fault(text: string, uid: string | undefined, delivery: number | undefined): Fault {
  return { check: "nothing lost", text, uid, delivery };
}

/** What is wrong with how a delivery ended; undefined when nothing is. */
function withoutReason(history: History, lying: Lying, known: Known): string | undefined {
  const { message, inbox, state, attempt, holder } = lying;
  // An answer is taken by its request itself, and goes with it.
  const isAnswer = inbox.startsWith("request-");
  if (state === "acked") {
    if (isAnswer || isAcked(history.lives.get(lying.id), lying)) return undefined;
    const mayHave = known.ackers.has(holder ?? "");
    return mayHave ? undefined : "is acked, and nobody has shown that receipt";
  }
  if (state === "purged")
    return isAnswer || known.purged.has(inbox) ? undefined : "is purged, and nobody did it";
  if (state === "expired")
    return triesOf(history, message).some(expires) ? undefined : "expired, and had all the time";
  if (state === "dead") {
    const failed = failuresOf(history, lying);
    const mayBe = failed >= history.rules.maxAttempts;
    return mayBe ? undefined : `is dead at attempt ${attempt}, and ${failed} of them failed`;
  }
  return state === "parked" ? "is parked, and the bus is open" : undefined;
}

/** How often it failed since somebody retried it. What a drain took back, or was moved, did not. */
function failuresOf({ state }: History, { id, epoch }: Lying): number {
  let failed = 0;
  for (let at = epoch; at > 0; at--) {
    const outcome = state.attempts.get(`${id}.${at}`)?.outcome;
    if (outcome === "retried") break;
    if (outcome === "nacked" || outcome === "expired" || outcome === "died") failed++;
  }
  return failed;
}

function isAcked(life: Life | undefined, { epoch, nonce }: Lying): boolean {
  return (life?.shown ?? []).some(
    (one) =>
      one.how === "ack" && one.epoch === epoch && one.nonce === nonce && one.outcome !== "fail",
  );
}

interface Known {
  /** The inboxes in which somebody purged, or dropped dead letters. */
  purged: ReadonlySet<string>;
  /** Who was killed while it claimed to ack at once: nobody was told the receipts. */
  ackers: ReadonlySet<string>;
}

function knownOf({ calls }: History): Known {
  const done = calls.filter(({ outcome }) => outcome !== "fail");
  const purges = done.filter(({ op }) => op === "purge" || op === "drop");
  const ackers = done.filter(({ args, outcome }) => args.acksAll === true && outcome === "info");
  return {
    purged: new Set(purges.map(({ args }) => args.inbox!)),
    ackers: new Set(ackers.map(({ client }) => client)),
  };
}

function triesOf({ sends, state }: History, message: number): Try[] {
  return sends.get(state.uids.get(message) ?? "") ?? [];
}

// What is asked in a request is wanted as long as its answer is waited for.
function expires({ sending, call }: Try): boolean {
  return sending.ttlMs !== undefined || call.op === "request";
}

function mayHaveEnded(
  { lives }: History,
  id: number,
  tries: readonly Try[],
  { purged }: Known,
): boolean {
  const { shown = [] } = lives.get(id) ?? {};
  const acked = shown.some(({ how, outcome }) => how === "ack" && outcome !== "fail");
  // Where an answer went is not known, so it may have been purged there, or have gone with its request.
  const gone = ({ sending: { to } }: Try) => to === null || purged.has(to);
  return acked || tries.some(expires) || tries.some(gone);
}
