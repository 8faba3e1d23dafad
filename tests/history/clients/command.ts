// A step of a client, done by a command of the executable, which may be killed or stopped meanwhile.
import type { Random } from "../../proof/random.ts";
import { SkepError } from "../../../src/core/errors.ts";
import { uidOf } from "../body.ts";
import type { Args, Got, Result } from "../event.ts";
import { Unknown } from "../record.ts";
import { inputFor, wordsFor } from "./command-words.ts";
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

/** Does `step` as `name`: what it was told. Throws what the command answers, and `Unknown` when it was killed. */
export async function performCommand(
  line: CommandLine,
  name: string,
  { op, args }: Step,
): Promise<Result> {
  const all = [...wordsFor(op, args), "--as", args.sends?.[0]?.from ?? name, "--json"];
  const { status, lines, stderr } = await run(line, all, inputFor(op, args));
  const result = resultOf(op, args, lines);
  if (status === null) throw new Unknown(result);
  if (status === 0 || (op === "batch" && lines.length > 0)) return result;
  const failure = failureIn(stderr);
  if (failure === undefined) throw new Error(`${all.join(" ")}: ${status}: ${stderr}`);
  // What was claimed stays so when it cannot be acked.
  if (result.got !== undefined) return result;
  throw new SkepError(failure.code as "E_BUSY", failure.message);
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
  const counted = { purge: "purged", retry: "retried", drop: "dropped" }[op];
  if (counted !== undefined) return lines.length === 0 ? {} : { count: Number(lines[0]![counted]) };
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
