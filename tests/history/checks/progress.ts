// Progress: what is to be done gets done once nobody is in its way, and nobody is sent away before its time.
import type { Call, Fault, History } from "../history.ts";

/** What was left at the end, and refusals that came too early. */
export function findStuck({ calls, finish }: History): Fault[] {
  const faults: Fault[] = [];
  if (finish !== undefined && finish.left > 0)
    faults.push({
      check: "progress",
      text: `${finish.left} deliveries were left ${Math.round(finish.ms)} ms after all that was in the way had ended`,
    });
  for (const call of calls) {
    const code = call.result.code ?? "";
    const text = call.outcome === "fail" ? tooEarly(call, code) : undefined;
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

function tooEarly(call: Call, code: string): string | undefined {
  const { op, args, startMs, endMs } = call;
  const ms = endMs - startMs;
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
