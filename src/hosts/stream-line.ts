// One line from a stream program, and what it asks for.
import { draftOf } from "../bus/draft-line.ts";
import { refuseOnceDrained } from "../bus/intake.ts";
import { sendTx } from "../bus/send.ts";
import { SkepError, isSkepError } from "../core/errors.ts";
import { answerOf, onlyKeys } from "./answer.ts";
import type { Host } from "./runner.ts";
import { type Settlement, acceptance, refusal } from "./settlement.ts";

const delayMaxMs = 7 * 24 * 3_600_000;
const reasonMax = 1_000;

/**
 * What `line` asks for; undefined when it asks for nothing, and then it is a line for the log. The receipt it settles
 * is taken out of `inHand`; one that is not there is not the program's to settle. A delivery that is settled in words
 * that cannot be understood is refused.
 */
export function settlementOf(
  host: Host,
  line: string | undefined,
  inHand: Set<string>,
): Settlement | undefined {
  const { log } = host;
  if (line === undefined) log.append("skep: a line was too long and is lost\n");
  const said = objectOf(line);
  if (said === undefined || !("ack" in said || "nack" in said || "send" in said)) {
    if (line) log.append(`${line}\n`);
    return undefined;
  }
  const key = "ack" in said ? "ack" : "nack" in said ? "nack" : undefined;
  const receipt = key === undefined ? null : String(said[key]);
  if (receipt !== null && !inHand.delete(receipt)) {
    log.append(`skep: the program settled ${receipt}, which it does not hold\n`);
    return undefined;
  }
  try {
    if (receipt === null) return sending(host, said);
    const { [key!]: _, ...rest } = said;
    return key === "ack" ? acceptance(host, receipt, answerOf(rest)) : nacking(host, receipt, rest);
  } catch (error) {
    if (!isSkepError(error)) throw error;
    log.append(`skep: ${error.message}: ${line}\n`);
    return receipt === null ? undefined : refusal(host, receipt, error.message);
  }
}

function objectOf(line: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line ?? "null");
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function sending({ bus, spec, draining }: Host, said: Record<string, unknown>): Settlement {
  onlyKeys(said, ["send"]);
  const draft = draftOf(said["send"]);
  return {
    receipt: null,
    sends: true,
    async commit(tx) {
      // Until a drain is over it belongs to what is in hand. Afterwards it waits, unless its program is to stop: then
      // nobody would be there to send it later.
      if (!draining.aborted) await refuseOnceDrained(tx);
      return await sendTx(tx, bus.settings, spec.name, draft);
    },
  };
}

function nacking(host: Host, receipt: string, rest: Record<string, unknown>): Settlement {
  onlyKeys(rest, ["delay_ms", "reason"]);
  const { delay_ms: delayMs, reason } = rest;
  if (delayMs != null && !(typeof delayMs === "number" && delayMs >= 0 && delayMs <= delayMaxMs))
    throw new SkepError("E_USAGE", "delay_ms has to be a number of milliseconds up to 7 days");
  return refusal(
    host,
    receipt,
    String(reason ?? "refused by its program").slice(0, reasonMax),
    delayMs == null ? undefined : Math.round(delayMs),
  );
}
