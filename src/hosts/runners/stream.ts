// The stream runner: one long-lived program that reads deliveries as JSON lines and answers with JSON lines.
import type { Child } from "../../agents/process.ts";
import { deliveryLine } from "../../bus/delivery-line.ts";
import type { Delivery } from "../../bus/message.ts";
import { sleep } from "../../core/clock.ts";
import { splitLines } from "../../core/lines.ts";
import { endedBy, letLeave, startProgram, stopGraceMs } from "../program.ts";
import type { Ended, Host } from "../runner.ts";
import { type Settlement, roomMs, settle, settleAll, settleAndClaim } from "../settlement.ts";
import { settlementOf } from "../stream-line.ts";

const aLongTimeMs = 3_600_000;

// A program that says more than this before it is committed has to wait.
const unsettledMax = 500;

/** Hands messages to the program, up to `in_flight` at once, and commits what it answers, until it ends or the agent is to stop. */
export async function runStream(host: Host): Promise<Ended> {
  const { spec, draining, gate, pace } = host;
  const inHand = new Set<string>();
  let said: Settlement[] = [];
  // What an inbox has no room for yet.
  let left: Settlement[] = [];
  let wake = new AbortController();
  let leaving: Promise<void> | undefined;
  let gone = false;
  const lines = splitLines(host.bus.settings.bodyBytesMax * 8, (line) => {
    const settlement = settlementOf(host, line, inHand);
    pace.works(inHand.size > 0);
    if (settlement === undefined) return;
    said.push(settlement);
    wake.abort();
  });
  const child = await startProgram(host, (chunk) => {
    lines.add(chunk);
    return left.length + said.length < unsettledMax;
  });
  void child.exited.then(() => {
    gone = true;
    wake.abort();
  });
  draining.addEventListener("abort", () => wake.abort());
  gate.onChange(() => wake.abort());

  const room = () =>
    draining.aborted || gate.closed ? 0 : spec.inFlight - inHand.size - count(left);
  const claim = async (settlements: Settlement[], waitMs: number, signal: AbortSignal) => {
    const claimed = await settleAndClaim(host, settlements, { max: room(), waitMs, signal });
    pace.taken();
    deliver(child, claimed.deliveries, inHand);
    pace.works(inHand.size > 0);
    return claimed.left;
  };
  while (!gone) {
    wake = new AbortController();
    const { signal } = wake;
    if (draining.aborted && inHand.size === 0) leaving ??= leave(host, child);
    const answers = said;
    said = [];
    if (left.length < unsettledMax) child.resume();
    const restMs = room() > 0 ? pace.restMs() : 0;
    if (left.length === 0 && room() > 0 && restMs === 0) {
      left = await claim(answers, aLongTimeMs, signal);
      continue;
    }
    left = await settle(host, [...left, ...answers]);
    if (room() <= 0) await sleep(left.length > 0 ? pace.stretched(roomMs) : aLongTimeMs, signal);
    else if (restMs > 0) await sleep(left.length > 0 ? Math.min(restMs, roomMs) : restMs, signal);
    else if (left.length > 0) await claim([], roomMs, signal);
  }

  child.resume();
  const exit = await child.finished;
  lines.end();
  left = await settle(host, [...left, ...said]);
  // What it did not answer is not kept waiting for what it did.
  if (inHand.size === 0) await settleAll(host, left);
  await leaving;
  return endedBy(host, exit);
}

function count(settlements: readonly Settlement[]): number {
  return settlements.filter(({ receipt }) => receipt !== null).length;
}

function deliver(child: Child, deliveries: readonly Delivery[], inHand: Set<string>): void {
  for (const delivery of deliveries) {
    inHand.add(delivery.receipt!);
    void child.write(`${deliveryLine(delivery)}\n`);
  }
}

// The end of its input tells a program that no more work will come.
function leave(host: Host, child: Child): Promise<void> {
  child.end();
  return letLeave(host, child, stopGraceMs(host));
}
