// A small swarm for a few seconds, as anybody would run one: whether all that was sent came back, and it went down clean.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Child, launch, signalProcess } from "../agents/process.ts";
import { elapsedMs, sleep } from "../core/clock.ts";
import { SkepError, isSkepError } from "../core/errors.ts";
import { nearestExisting } from "../store/filesystem.ts";
import { type Finding, type Verdict, fail, pass } from "./finding.ts";
import { makeTrialDirectory, removeTrialDirectory } from "./trial-directory.ts";

const agents = 20;
const workMs = 5_000;
const batch = 200;
const upWithinMs = 60_000;
const settledWithinMs = 30_000;
const downWithinMs = 30_000;

/** What became of it, as `skep down --json` tells, with what was sent before. */
export interface Smoke {
  sent: number;
  acked: number;
  holds: boolean;
  killed: number;
  seconds: number;
}

export interface QuickOptions {
  /** The directory that it gets one of its own in, or the nearest above it that exists. */
  place: string;
  /** What calls this program. */
  skep: readonly string[];
  env: Record<string, string>;
  /** Told what goes on. */
  tell(text: string): void;
  /** Has it end before its time, as clean as ever. */
  signal: AbortSignal;
  /** How many times as long as usual everything may take; once where it is not said. */
  patience?: number | undefined;
}

/** Runs 20 agents for 5 s in a home of their own, of which nothing is left. */
export async function runQuickSwarm({ place, ...options }: QuickOptions): Promise<Finding> {
  const nearest = nearestExisting(place);
  let directory: string;
  try {
    directory = makeTrialDirectory(nearest);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return failed(
      `nothing can be written in ${nearest} (${code})`,
      "Name another home with --home.",
    );
  }
  try {
    return await runIn(directory, options);
  } catch (error) {
    if (!isSkepError(error)) throw error;
    return failed(error.message, error.hint ?? "See what skep up says here.");
  } finally {
    removeTrialDirectory(directory);
  }
}

async function runIn(
  directory: string,
  { skep, env, tell, signal, patience = 1 }: Omit<QuickOptions, "place">,
): Promise<Finding> {
  const home = join(directory, "home");
  const file = join(directory, "swarm.json");
  writeFileSync(file, JSON.stringify(swarm));
  const run = runner(directory, env, [...skep], ["--home", home]);
  tell(`starting ${agents} agents`);
  const { child: up, complaints } = await run.start(["up", file, "--json", ...settings]);
  try {
    const unready = await untilReady(run, up, patience * upWithinMs, signal);
    if (unready === "ended") {
      await up.finished;
      const { message, hint } = complaintIn(complaints());
      return failed(`skep up ended by itself${message}`, hint ?? "See what skep up says here.");
    }
    if (unready !== undefined) return unready;
    tell(`working for ${workMs / 1_000} s`);
    const smoke = await work(run, patience, signal);
    await up.finished;
    return judgeSmoke(smoke);
  } finally {
    signalProcess(up, "SIGTERM");
    await up.exited;
  }
}

function failed(says: string, fix: string): Finding {
  return fail("quick swarm", says, fix);
}

/** A swarm that sent and settled so much. */
export function judgeSmoke({ sent, acked, holds, killed, seconds }: Smoke): Finding {
  const says = `${agents} agents settled ${acked} of ${sent} messages in ${seconds.toFixed(1)} s`;
  if (!holds) return failed(`${says}: the sum does not hold`, "Report this.");
  if (acked < sent || sent === 0)
    return failed(says, "Run it again on a quieter machine; skep up says what is slow.");
  if (killed > 0) return failed(`${says}; ${killed} had to be killed at its end`, "Report this.");
  return pass("quick swarm", `${says}, and nothing was left`);
}

/** What to make of it: GO when all is well, CONDITIONAL where something is amiss, NO-GO where a swarm does not work. */
export function decisionOn(verdict: Verdict): "GO" | "CONDITIONAL" | "NO-GO" {
  return verdict === "fail" ? "NO-GO" : verdict === "warn" ? "CONDITIONAL" : "GO";
}

// Acks each message, and needs nothing but a shell.
const loop =
  'while read -r line; do r=${line#*\\"receipt\\":\\"}; echo "{\\"ack\\":\\"${r%%\\"*}\\"}"; done';
const swarm = {
  name: "doctor",
  agents: {
    a: {
      runner: "stream",
      command: ["sh", "-c", loop],
      count: agents,
      inbox: "work",
      in_flight: 5,
    },
  },
};

// What its caller has set is for another swarm, and may be too little for this one, or taken by that one.
const settings = ["--set", `agents.count_max=${agents}`, "--set", "metrics.port=0"];

interface Runner {
  /** Starts a command that stays: `complaints` has what it wrote to standard error. */
  start(words: readonly string[]): Promise<{ child: Child; complaints(): string }>;
  /** Runs a command to its end: its status and what it wrote. */
  run(words: readonly string[], input?: string): Promise<Answer>;
}

interface Answer {
  code: number | null;
  said: string;
  complaints: string;
}

function runner(cwd: string, env: Record<string, string>, skep: string[], flags: string[]): Runner {
  const start = async (words: readonly string[]) => {
    const [said, complaints] = [listen(), listen()];
    const [onStdout, onStderr] = [said.hear, complaints.hear];
    const command = [...skep, ...words, ...flags];
    const child = await launch({ command, cwd, env, onStdout, onStderr });
    return { child, said: said.text, complaints: complaints.text };
  };
  return {
    start,
    async run(words, input = "") {
      const { child, said, complaints } = await start(words);
      await child.write(input);
      child.end();
      const { code } = await child.finished;
      return { code, said: said(), complaints: complaints() };
    },
  };
}

function listen() {
  let heard = "";
  const hear = (chunk: Uint8Array): void => void (heard += Buffer.from(chunk).toString("utf8"));
  return { hear, text: () => heard };
}

/** The last thing that a command with --json complained of, as what follows a sentence, and what to do about it. */
function complaintIn(complaints: string): { message: string; hint: string | undefined } {
  const last = complaints.trimEnd().split("\n").at(-1)!;
  const [{ error } = {}] = linesOf<{ error?: { message: string; hint: string | null } }>(last);
  const message = error?.message ?? last;
  return { message: message && `: ${message}`, hint: error?.hint ?? undefined };
}

/** An agent as `skep ps --json` tells of it. */
export interface Told {
  name: string;
  state: string;
  reason: string | null;
}

/** Why a swarm of these, some of which will not be ready, is of no use; undefined while all of them still may be. */
export function judgeStart(told: readonly Told[]): Finding | undefined {
  const out = told.filter(({ state }) => state === "failed" || state === "dead");
  if (out.length === 0) return undefined;
  const { name, reason } = out[0]!;
  return failed(
    `${out.length} of ${agents} agents could not be started; ${name}: ${reason ?? "no reason"}`,
    "Raise the limit that it names, or see what skep up says here.",
  );
}

/** Waits until all are ready: why not, where they do not get so far, and `ended` where skep up is gone. */
async function untilReady(
  { run }: Runner,
  up: Child,
  withinMs: number,
  signal: AbortSignal,
): Promise<Finding | "ended" | undefined> {
  let ended = false;
  void up.exited.then(() => (ended = true));
  const startMs = elapsedMs();
  while (elapsedMs() - startMs < withinMs && !signal.aborted) {
    if (ended) return "ended";
    const { said } = await run(["ps", "--json"]);
    const told = linesOf<Told>(said);
    const unready = judgeStart(told);
    if (unready !== undefined) return unready;
    if (told.filter(({ state }) => state === "ready" || state === "busy").length >= agents)
      return undefined;
    await sleep(100, signal);
  }
  return signal.aborted
    ? failed("it was ended before its time", "Run it again.")
    : failed(
        `${agents} agents were not ready within ${withinMs / 1_000} s`,
        "Run it again on a quieter machine.",
      );
}

interface Down {
  killed: number;
  conservation: { ended: number; holds: boolean };
}

async function work({ run }: Runner, patience: number, signal: AbortSignal): Promise<Smoke> {
  const lines = `${JSON.stringify({ to: "work", body: "x" })}\n`.repeat(batch);
  const startMs = elapsedMs();
  let sent = 0;
  while (elapsedMs() - startMs < workMs && !signal.aborted) {
    const { said } = await run(["send", "--batch", "--timeout", `${patience * workMs}ms`], lines);
    // Where there was no room in time for all of it, some of it was sent.
    sent += linesOf<{ id?: number }>(said).filter(({ id }) => id !== undefined).length;
  }
  await untilSettled(run, patience, signal);
  const seconds = (elapsedMs() - startMs) / 1_000;
  const down = await run(["down", "--json", "--timeout", `${patience * downWithinMs}ms`]);
  const [summary] = linesOf<Down>(down.said);
  if (summary === undefined) {
    const { message, hint } = complaintIn(down.complaints);
    throw new SkepError("E_FAILED", `skep down ended with ${down.code}${message}`, { hint });
  }
  const { killed, conservation } = summary;
  return { sent, acked: conservation.ended, holds: conservation.holds, killed, seconds };
}

/** Waits until nothing is left to do, or as long as that becomes less. */
async function untilSettled(
  run: Runner["run"],
  patience: number,
  signal: AbortSignal,
): Promise<void> {
  const query = "select coalesce(sum(ready + leased), 0) as open from inboxes";
  const endMs = elapsedMs() + patience * settledWithinMs;
  let least = Number.POSITIVE_INFINITY;
  let lessMs = elapsedMs();
  while (elapsedMs() < Math.min(endMs, lessMs + patience * workMs) && !signal.aborted) {
    const { said } = await run(["sql", query, "--json"]);
    const [{ open } = { open: least }] = linesOf<{ open: number }>(said);
    if (open === 0) return;
    if (open < least) [least, lessMs] = [open, elapsedMs()];
    await sleep(50, signal);
  }
}

/** JSON lines as values; nothing where they are none, as when a command was refused. */
function linesOf<Value>(text: string): Value[] {
  const lines = text.split("\n").filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line) as Value);
}
