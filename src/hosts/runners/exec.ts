// The exec runner: one process for each message. Its exit status settles, its output answers.
import { describeExit, launch } from "../../agents/process.ts";
import { killLeftovers } from "../../agents/strays.ts";
import { keepTail } from "../../agents/tail.ts";
import type { Delivery } from "../../bus/message.ts";
import { workOneByOne } from "../one-by-one.ts";
import { isSuccess } from "../program.ts";
import type { Ended, Host } from "../runner.ts";
import { type Settlement, acceptance, refusal } from "../settlement.ts";

const reasonBytesMax = 1_000;

/** Claims one message after the other and runs the program for each, until the agent is to stop. */
export async function runExec(host: Host): Promise<Ended> {
  host.started();
  return await workOneByOne(host, (delivery) => work(host, delivery), host.turns);
}

async function work(host: Host, delivery: Delivery): Promise<Settlement> {
  const { spec, bus, log } = host;
  const receipt = delivery.receipt!;
  const asked = delivery.replyTo !== null;
  // One byte more than a message may have, so that an answer that is too long is refused and not cut.
  const stdout = keepHead(bus.settings.bodyBytesMax + 1);
  const stderr = keepTail(reasonBytesMax);
  const child = await launch({
    command: spec.command!,
    cwd: spec.cwd,
    env: { ...host.env, ...messageVariables(delivery) },
    onStdout: asked ? stdout.add : (chunk) => log.append(chunk),
    onStderr(chunk) {
      stderr.add(chunk);
      log.append(chunk);
    },
  });
  host.working(child);
  void child.write(delivery.body).then(() => child.end());
  const { signal } = await child.exited;
  // Somebody else is about to get the message: what a killed program leaves behind must not go on with it.
  if (signal !== null) await host.endStrays();
  const exit = await child.finished;
  // One message after the other would leave something behind, until the machine is full of it.
  killLeftovers(child);
  host.working(undefined);
  if (isSuccess(spec, exit)) {
    const reply = asked ? { body: stdout.bytes() } : undefined;
    return acceptance(host, receipt, { reply, send: [] });
  }
  // What would have been the answer may say what went wrong.
  log.append(stdout.bytes());
  const reason = [`${spec.command![0]} ${describeExit(exit)}`, stderr.text()];
  // What a signal ended, it was not the program that refused: somebody else may try at once.
  const delayMs = exit.signal === null ? undefined : 0;
  return refusal(host, receipt, reason.filter(Boolean).join(": "), delayMs);
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
    ATTEMPT: attempt,
    PRIORITY: priority,
    SENT_AT: sentAt,
  };
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    // No variable can hold a NUL, and a message must not be able to keep the program from starting.
    if (value !== null && !String(value).includes("\0"))
      variables[`SKEP_MSG_${name}`] = String(value);
  }
  return variables;
}

function keepHead(bytesMax: number) {
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
