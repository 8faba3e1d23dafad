// A step of a client, done by a command of the executable, which may be killed or stopped meanwhile.
import type { Random } from "../../proof/random.ts";
import { SkepError } from "../../../src/core/errors.ts";
import { bodyOf, uidOf } from "../body.ts";
import type { Args, Got, Result, Sending } from "../event.ts";
import { Unknown } from "../record.ts";
import type { Step } from "./mind.ts";

export interface CommandLine {
  /** What runs skep: the executable, or a runtime and the source. */
  command: readonly string[];
  home: string;
  environment: Record<string, string>;
  random: Random;
  /** Called with what is done to a command. */
  onFault(op: "kill" | "stop"): void;
}

/** Whether there is a command for `step`. */
export function hasCommand({ op, args }: Step): boolean {
  return op in words && (op !== "claim" || args.acks === undefined) && isPlainAck(args);
}

/** Does `step` as `name`: what it was told. Throws what the command answers, and `Unknown` when it was killed. */
export async function performCommand(
  line: CommandLine,
  name: string,
  { op, args }: Step,
): Promise<Result> {
  const all = [...words[op]!(args), "--as", args.sends?.[0]?.from ?? name, "--json"];
  const stdin = op === "batch" ? args.sends!.map(draftLine).join("") : "";
  const { status, lines, stderr } = await run(line, all, stdin);
  const result = resultOf(op, args, lines);
  if (status === null) throw new Unknown(result);
  if (status === 0 || (op === "batch" && lines.length > 0)) return result;
  const failure = failureIn(stderr);
  if (failure === undefined) throw new Error(`${all.join(" ")}: ${status}: ${stderr}`);
  // What was claimed stays so when it cannot be acked.
  if (result.got !== undefined) return result;
  throw new SkepError(failure.code as "E_BUSY", failure.message);
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
    "--timeout",
    `${timeoutMs}ms`,
    ...option("priority", sends![0]!.priority),
  ],
  claim: ({ claim, acksAll }) => [
    "recv",
    claim!.inbox,
    "--max",
    String(claim!.max),
    "--lease",
    `${claim!.leaseMs}ms`,
    "--wait",
    `${claim!.waitMs}ms`,
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

interface Ran {
  /** Null when it was killed. */
  status: number | null;
  /** The whole lines that it printed. */
  lines: Line[];
  stderr: string;
}

type Line = Record<string, unknown>;

async function run(line: CommandLine, all: readonly string[], stdin: string): Promise<Ran> {
  const { command, home, environment, random, onFault } = line;
  const child = Bun.spawn([...command, ...all], {
    stdin: Buffer.from(stdin),
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: process.env["PATH"]!, HOME: home, SKEP_HOME: home, ...environment },
  });
  const roll = random.share();
  const timer = setTimeout(
    () => {
      if (roll < 0.2) {
        onFault("kill");
        child.kill("SIGKILL");
      } else if (roll < 0.3) {
        onFault("stop");
        child.kill("SIGSTOP");
        setTimeout(() => child.kill("SIGCONT"), random.whole(10, 500));
      }
    },
    random.whole(0, 60),
  );
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  clearTimeout(timer);
  const whole = stdout.slice(0, stdout.lastIndexOf("\n") + 1);
  const lines = whole.split("\n").filter((text) => text !== "");
  return { status: child.exitCode, lines: lines.map((text) => JSON.parse(text) as Line), stderr };
}

function resultOf(op: string, args: Args, lines: readonly Line[]): Result {
  if (op === "claim" || op === "request") {
    const got = lines.map(gotOf);
    const acked = got.map(({ receipt }) => ({ receipt }));
    if (op === "request" && got.length > 0)
      return { got, acked, sent: [Number(lines[0]!["thread"])] };
    return { ...(got.length > 0 && { got }) };
  }
  if (op === "ack") {
    const reply = lines[0]?.["reply"] as { id: number } | undefined;
    return {
      acked: lines.map((line) => ackedOf(line)),
      ...(reply !== undefined && { sent: [reply.id] }),
    };
  }
  if (op === "purge") return lines.length === 0 ? {} : { count: Number(lines[0]!["purged"]) };
  if (args.sends === undefined) return {};
  const again = lines.flatMap((line, at) => (line["already"] === true ? [at] : []));
  const sent = lines.map((line) => line["id"] ?? codeOf(line)).filter((id) => id !== null);
  return { sent: sent as (number | string)[], ...(again.length > 0 && { again }) };
}

function ackedOf(line: Line): { receipt: string; again?: true } {
  const receipt = String(line["receipt"]);
  return line["already"] === true ? { receipt, again: true } : { receipt };
}

function gotOf(line: Line): Got {
  const body = String(line["body"]);
  return {
    receipt: String(line["receipt"]),
    id: Number(line["id"]),
    uid: uidOf(body),
    bytes: Buffer.byteLength(body),
    from: line["from"] as string | null,
    inbox: String(line["to"]),
    priority: Number(line["priority"]),
    attempt: Number(line["attempt"]),
    replyTo: line["reply_to"] as string | null,
  };
}

function codeOf(line: Line): string | null {
  return (line["error"] as { code: string } | undefined)?.code ?? null;
}

function failureIn(stderr: string): { code: string; message: string } | undefined {
  const last = stderr.trimEnd().split("\n").at(-1) ?? "";
  if (!last.startsWith("{")) return undefined;
  return (JSON.parse(last) as { error: { code: string; message: string } }).error;
}
