// The steps of a client in the words of the command line.
import { bodyOf } from "../body.ts";
import type { Args, Sending } from "../event.ts";
import type { Step } from "./mind.ts";

/** Whether there is a command for `step`. */
export function hasCommand({ op, args }: Step): boolean {
  return op in words && (op !== "claim" || args.acks === undefined) && isPlainAck(args);
}

/** The words of the command for a call. */
export function wordsFor(op: string, args: Args): string[] {
  return words[op]!(args);
}

/** What the command reads. */
export function inputFor(op: string, { sends = [] }: Args): string {
  return op === "batch" ? sends.map(draftLine).join("") : "";
}

// With an ack a command sends an answer and nothing else.
function isPlainAck({ acks, sends = [] }: Args): boolean {
  return acks === undefined || sends.length === 0 || (sends.length === 1 && !!sends[0]!.isReply);
}

const words: Record<string, (args: Args) => string[]> = {
  send: ({ sends, ...args }) => {
    const { to, key, priority, delayMs, ttlMs, replyTo, ...sending } = sends![0]!;
    return [
      "send",
      to!,
      textOf(sending),
      ...option("key", key),
      ...option("priority", priority),
      ...option("delay", duration(delayMs)),
      ...option("ttl", duration(ttlMs)),
      ...option("reply-to", replyTo),
      ...patience(args),
    ];
  },
  batch: ({ atomic, ...args }) => [
    "send",
    "--batch",
    ...(atomic === true ? ["--atomic"] : []),
    ...patience(args),
  ],
  publish: ({ sends, ...args }) => [
    "publish",
    sends![0]!.topic!,
    textOf(sends![0]!),
    ...option("priority", sends![0]!.priority),
    ...patience(args),
  ],
  request: ({ sends, timeoutMs }) => [
    "request",
    sends![0]!.to!,
    textOf(sends![0]!),
    ...option("timeout", duration(timeoutMs)),
    ...option("priority", sends![0]!.priority),
  ],
  claim: ({ claim, acksAll }) => [
    "recv",
    claim!.inbox,
    ...option("max", claim!.max),
    ...option("lease", duration(claim!.leaseMs)),
    ...option("wait", duration(claim!.waitMs)),
    ...(acksAll === true ? ["--ack"] : []),
  ],
  ack: ({ acks, sends }) => [
    "ack",
    ...acks!,
    ...(sends === undefined ? [] : ["--reply", textOf(sends[0]!)]),
  ],
  nack: ({ nack, forMs }) => ["nack", nack!, "--delay", `${forMs}ms`],
  extend: ({ extend, forMs }) => ["extend", extend!, "--lease", `${forMs}ms`],
  purge: ({ inbox }) => ["purge", inbox!, "--yes"],
  retry: ({ inbox }) => ["dead", "retry", "--all", "--inbox", inbox!],
  drop: ({ inbox }) => ["dead", "drop", "--all", "--inbox", inbox!],
};

function option(name: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [`--${name}`, String(value)];
}

function duration(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : `${ms}ms`;
}

function patience({ onFull, timeoutMs }: Args): string[] {
  return ["--on-full", onFull ?? "fail", ...option("timeout", duration(timeoutMs))];
}

function textOf({ uid, bytes }: Pick<Sending, "uid" | "bytes">): string {
  return Buffer.from(bodyOf(uid, bytes)).toString();
}

function draftLine({ to, key, priority, delayMs, ttlMs, replyTo, ...sending }: Sending): string {
  const times = { delay_ms: delayMs, ttl_ms: ttlMs };
  const line = { to, body: textOf(sending), key, priority, ...times, reply_to: replyTo };
  return `${JSON.stringify(line)}\n`;
}
