// No surprise: every call ends in a way that its caller was told to expect.
import type { Call, Fault, History } from "../history.ts";

/** Calls that came to an end that nobody expects: a fault of the program, or a refusal for a reason that is none. */
export function findSurprises({ calls }: History): Fault[] {
  return calls.filter(isSurprise).map(({ args, client, op, result: { code, message } }) => ({
    check: "no surprise",
    text: `${client}: ${op} came to an end that nobody expects: ${code}: ${message}`,
    uid: args.sends?.[0]?.uid,
  }));
}

// What each kind of call may be told.
const sending = ["E_FULL", "E_DRAINING", "E_BUSY", "E_CONFLICT"];
const settling = ["E_STALE", "E_BUSY"];
const allowed: Record<string, readonly string[]> = {
  send: sending,
  batch: sending,
  publish: sending,
  request: [...sending, "E_EMPTY"],
  claim: ["E_DRAINING", "E_BUSY", "E_EMPTY", "E_STALE"],
  ack: [...settling, "E_FULL", "E_DRAINING", "E_NOT_FOUND"],
  nack: settling,
  extend: settling,
  retry: ["E_DRAINING", "E_BUSY"],
};

function isSurprise({ op, outcome, result: { code } }: Call): boolean {
  // Of one that was killed, and of one that went well, there is no code.
  if (outcome === "ok" || code === undefined) return false;
  return outcome === "info" || !(allowed[op] ?? ["E_BUSY"]).includes(code);
}
