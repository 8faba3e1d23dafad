// The stream runner: one long-lived program that reads deliveries as JSON lines and answers with JSON lines.
import { type Child, launch, stopGroup } from "../../agents/process.ts";
import { deliveryLine } from "../../bus/delivery-line.ts";
import { draftOf } from "../../bus/draft-line.ts";
import { sendTx } from "../../bus/send.ts";
import { ackTx, nackTx } from "../../bus/settle.ts";
import { sleep } from "../../core/clock.ts";
import { isSkepError } from "../../core/errors.ts";
import { bytesOf } from "../../core/text.ts";
import type { Ended, Host } from "../host.ts";
import { splitLines } from "../lines.ts";
import { type Settlement, settleAndClaim, settleEach } from "../settlement.ts";
import { endedBy } from "./self.ts";

const aLongTimeMs = 3_600_000;

/** Hands messages to the program, up to `in_flight` at once, and commits what it answers, until it ends or the agent is to stop. */
export async function runStream(host: Host): Promise<Ended> {
  const { spec, env, log, draining } = host;
  const inHand = new Set<string>();
  let answers: Settlement[] = [];
  let wake = new AbortController();
  let gone = false;
  const onLine = (line: string | undefined) => {
    const settlement = line === undefined ? undefined : answerTo(host, line, inHand);
    if (settlement === undefined) return;
    answers.push(settlement);
    wake.abort();
  };
  const child = await launch({
    command: spec.command!,
    cwd: spec.cwd,
    env,
    onStdout: splitLines(host.settings.bus.bodyBytesMax * 8, onLine),
    onStderr: (chunk) => log.append(chunk),
  });
  void child.exited.then(() => {
    gone = true;
    wake.abort();
  });
  draining.addEventListener("abort", () => wake.abort());
  await host.started(child);

  while (!gone && !(draining.aborted && inHand.size === 0)) {
    wake = new AbortController();
    const settlements = answers;
    answers = [];
    const room = draining.aborted ? 0 : spec.inFlight - inHand.size;
    if (room > 0) {
      const next = { max: room, waitMs: aLongTimeMs, signal: wake.signal };
      const deliveries = await settleAndClaim(host, settlements, next);
      for (const delivery of deliveries) inHand.add(delivery.receipt!);
      for (const delivery of deliveries)
        await Promise.race([child.write(`${deliveryLine(delivery)}\n`), child.exited]);
    } else {
      await settleEach(host, settlements);
      if (answers.length === 0) await sleep(aLongTimeMs, wake.signal);
    }
  }
  await settleEach(host, answers);
  if (!gone) await letLeave(host, child);
  return endedBy(await child.exited, spec.command![0]!, draining.aborted);
}

/** What a line from the program asks for; undefined when it asks for nothing, or for what cannot be. */
function answerTo(
  { bus, spec, log }: Host,
  line: string,
  inHand: Set<string>,
): Settlement | undefined {
  try {
    const said = JSON.parse(line) as Record<string, unknown>;
    const receipt = said["ack"] ?? said["nack"];
    if (receipt !== undefined && !inHand.delete(String(receipt))) {
      log.append(`skep: the program settled ${String(receipt)}, which it does not hold\n`);
      return undefined;
    }
    if (said["ack"] !== undefined) {
      const send = said["send"] === undefined ? undefined : [said["send"]].flat().map(draftOf);
      const reply = said["reply"] == null ? undefined : { body: bytesOf(String(said["reply"])) };
      return async (tx) =>
        void (await ackTx(tx, bus.settings, String(receipt), { from: spec.name, reply, send }));
    }
    if (said["nack"] !== undefined) {
      const { reason, delay_ms: delayMs } = said as { reason?: string; delay_ms?: number };
      return async (tx) =>
        void (await nackTx(tx, bus.settings, String(receipt), { reason, delayMs }));
    }
    if (said["send"] !== undefined) {
      const draft = draftOf(said["send"]);
      return async (tx) => void (await sendTx(tx, bus.settings, spec.name, draft));
    }
    log.append(`${line}\n`);
  } catch (error) {
    log.append(isSkepError(error) ? `skep: ${error.message}: ${line}\n` : `${line}\n`);
  }
  return undefined;
}

// The end of its input tells a program that no more work will come.
async function letLeave(host: Host, child: Child): Promise<void> {
  child.end();
  const { stopGraceMs } = host.settings.agents;
  await Promise.race([child.exited, sleep(stopGraceMs)]);
  await stopGroup(child, stopGraceMs);
}
