// Progress: what is to be done gets done once nobody is in its way, and nobody is sent away before its time or for a
// reason that is none.
import type { Call, Fault, History } from "../history.ts";

/** What was left at the end, and refusals that came too early or should not be. */
export function findStuck({ calls, finish }: History): Fault[] {
  const faults: Fault[] = [];
  if (finish !== undefined && finish.left > 0)
    faults.push({
      check: "progress",
      text: `${finish.left} deliveries were left ${Math.round(finish.ms)} ms after all that was in the way had ended`,
    });
  for (const call of calls) {
    const code = call.result.code ?? "";
    const text = call.outcome === "ok" || code === "" ? undefined : wrongRefusal(call, code);
    if (text === undefined) continue;
    const { args, client, op, result } = call;
    const uid = args.sends?.[0]?.uid;
    faults.push({ check: "progress", text: `${client}: ${op}: ${text}: ${result.message}`, uid });
  }
  return faults;
}

// The least that a write waits for the lock, whatever it is a part of.
const lockMs = 1_000;
// A timer may be early by a moment.
const slackMs = 20;

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

function wrongRefusal(call: Call, code: string): string | undefined {
  const { op, args, startMs, endMs, outcome } = call;
  const ms = endMs - startMs;
  if (outcome === "info") return "came to an end that nobody expects";
  if (!(allowed[op] ?? ["E_BUSY"]).includes(code)) return `was refused with ${code}`;
  if (code === "E_BUSY" && ms < lockMs - slackMs)
    return `was told after ${Math.round(ms)} ms that the lock is not to be had`;
  const waits = args.onFull === "wait" && op !== "request";
  if (code === "E_FULL" && waits && ms < args.timeoutMs! - slackMs)
    return `was told after ${Math.round(ms)} of ${args.timeoutMs} ms that it is full`;
  const isPatient = op === "request" && code === "E_EMPTY";
  if (isPatient && ms < args.timeoutMs! - slackMs)
    return `was told after ${Math.round(ms)} of ${args.timeoutMs} ms that no answer came`;
  return undefined;
}
