// The exec runner: one process for each message. Its exit status settles, its output answers.
import { describeExit, launch } from "../../agents/process.ts";
import type { Delivery } from "../../bus/message.ts";
import { ackTx, nackTx } from "../../bus/settle.ts";
import { bytesOf, textOf } from "../../core/text.ts";
import { sleep } from "../../core/clock.ts";
import type { Ended, Host } from "../host.ts";
import { type Settlement, settleAndClaim, settleEach } from "../settlement.ts";

// How long output may go on coming after the process has ended, from a child that kept its pipe.
const leftoverMs = 1_000;
const reasonBytesMax = 1_000;
const aLongTimeMs = 3_600_000;

/** Claims one message after the other and runs the program for each, until the agent is to stop. */
export async function runExec(host: Host): Promise<Ended> {
  await host.started();
  let settlements: Settlement[] = [];
  while (!host.draining.aborted) {
    const next = { max: 1, waitMs: aLongTimeMs, signal: host.draining };
    const [delivery] = await settleAndClaim(host, settlements, next);
    settlements = delivery === undefined ? [] : [await handle(host, delivery)];
  }
  await settleEach(host, settlements);
  return { state: "stopped", reason: null };
}

async function handle(host: Host, delivery: Delivery): Promise<Settlement> {
  const { spec, bus } = host;
  const stdout = keepFirst(bus.settings.bodyBytesMax + 1);
  const stderr = keepLast(reasonBytesMax);
  const child = await launch({
    command: spec.command!,
    cwd: spec.cwd,
    env: { ...host.env, ...messageVariables(delivery) },
    onStdout: (chunk) => stdout.add(chunk),
    onStderr(chunk) {
      stderr.add(chunk);
      host.log.append(chunk);
    },
  });
  void child.write(delivery.body).then(() => child.end());
  const exit = await child.exited;
  await Promise.race([child.closed, sleep(leftoverMs)]);
  const receipt = delivery.receipt!;
  if (exit.code === 0) {
    const body = stdout.bytes();
    const reply = delivery.replyTo === null ? {} : { reply: { body } };
    if (delivery.replyTo === null) host.log.append(body);
    return async (tx) =>
      void (await ackTx(tx, bus.settings, receipt, { from: spec.name, ...reply }));
  }
  const said = textOf(stderr.bytes())?.trim();
  const reason = `${spec.command![0]} ${describeExit(exit)}${said ? `: ${said}` : ""}`;
  // What a signal ended, it was not the program that refused: somebody else may try at once.
  const delayMs = exit.signal === null ? undefined : 0;
  return async (tx) => void (await nackTx(tx, bus.settings, receipt, { reason, delayMs }));
}

function messageVariables(delivery: Delivery): Record<string, string> {
  const { id, receipt, from, to, type, thread, replyTo, attempt, priority, sentAt } = delivery;
  const values = {
    ID: id,
    RECEIPT: receipt,
    FROM: from,
    TO: to,
    TYPE: type,
    THREAD: thread,
    REPLY_TO: replyTo,
  };
  const all = { ...values, ATTEMPT: attempt, PRIORITY: priority, SENT_AT: sentAt };
  const present = Object.entries(all).filter(([, value]) => value !== null);
  return Object.fromEntries(present.map(([name, value]) => [`SKEP_MSG_${name}`, String(value)]));
}

function keepFirst(bytesMax: number) {
  const chunks: Uint8Array[] = [];
  let left = bytesMax;
  return {
    add(chunk: Uint8Array) {
      if (left <= 0) return;
      chunks.push(chunk.subarray(0, left));
      left -= chunk.length;
    },
    bytes: (): Uint8Array => Buffer.concat(chunks),
  };
}

function keepLast(bytesMax: number) {
  let kept: Uint8Array = bytesOf("");
  return {
    add(chunk: Uint8Array) {
      kept = Buffer.concat([kept, chunk]).subarray(-bytesMax);
    },
    bytes: () => kept,
  };
}
