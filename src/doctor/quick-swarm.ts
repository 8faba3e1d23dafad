// A small swarm for a few seconds, as anybody would run one: whether all that was sent came back, and it went down clean.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Child, launch, signalProcess } from "../agents/process.ts";
import { elapsedMs, sleep } from "../core/clock.ts";
import { nearestExisting } from "../store/filesystem.ts";
import { type Finding, type Verdict, fail, pass } from "./finding.ts";

const agents = 20;
const workMs = 5_000;
const batch = 200;
const upWithinMs = 30_000;
const downWithinMs = 30_000;

/** What became of it, as `skep down --json` tells, with what was sent before. */
export interface Smoke {
  sent: number;
  acked: number;
  holds: boolean;
  killed: number;
  seconds: number;
}

/** Runs 20 agents for 5 s in a home of their own below `place`, or the nearest directory above it that exists, by `skep`, which is what calls this program. */
export async function runQuickSwarm(
  place: string,
  skep: readonly string[],
  env: Record<string, string>,
  tell: (text: string) => void,
): Promise<Finding> {
  const directory = mkdtempSync(join(nearestExisting(place), ".skep-doctor-"));
  let up: Child | undefined;
  try {
    const home = join(directory, "home");
    const file = join(directory, "swarm.json");
    writeFileSync(file, JSON.stringify(swarm));
    const run = runner(directory, env, [...skep], ["--home", home]);
    tell(`starting ${agents} agents`);
    up = await run.start(["up", file, "--quiet"]);
    const ready = await untilReady(run, up);
    if (ready !== undefined) return ready;
    tell(`working for ${workMs / 1_000} s`);
    const smoke = await work(run);
    await up.finished;
    return judgeSmoke(smoke);
  } finally {
    if (up !== undefined) {
      signalProcess(up, "SIGTERM");
      await up.exited;
    }
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A swarm that sent and settled so much. */
export function judgeSmoke({ sent, acked, holds, killed, seconds }: Smoke): Finding {
  const says = `${agents} agents settled ${acked} of ${sent} messages in ${seconds.toFixed(1)} s`;
  if (!holds)
    return fail("quick swarm", `${says}: the sum does not hold`, "Keep the home, and report this.");
  if (acked < sent || sent === 0)
    return fail(
      "quick swarm",
      says,
      "Run it again on a quieter machine; skep up says what is slow.",
    );
  if (killed > 0)
    return fail("quick swarm", `${says}; ${killed} had to be killed at its end`, "Report this.");
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

interface Runner {
  start(words: readonly string[]): Promise<Child>;
  /** Runs a command to its end: its status and what it wrote. */
  run(words: readonly string[], input?: string): Promise<{ code: number | null; said: string }>;
}

function runner(cwd: string, env: Record<string, string>, skep: string[], flags: string[]): Runner {
  const start = async (words: readonly string[], onStdout: (chunk: Uint8Array) => void) =>
    await launch({ command: [...skep, ...words, ...flags], cwd, env, onStdout, onStderr() {} });
  return {
    start: (words) => start(words, () => {}),
    async run(words, input = "") {
      let said = "";
      const child = await start(words, (chunk) => {
        said += Buffer.from(chunk).toString("utf8");
      });
      await child.write(input);
      child.end();
      const { code } = await child.finished;
      return { code, said };
    },
  };
}

/** Waits until all are ready: why not, where they do not get so far. */
async function untilReady({ run }: Runner, up: Child): Promise<Finding | undefined> {
  let ended = false;
  void up.exited.then(() => (ended = true));
  for (const startMs = elapsedMs(); elapsedMs() - startMs < upWithinMs; await sleep(100)) {
    if (ended) return fail("quick swarm", "skep up ended by itself", "See what skep up says here.");
    const { said } = await run(["ps", "--json"]);
    if (countOf(said, '"state":"ready"') + countOf(said, '"state":"busy"') >= agents)
      return undefined;
  }
  return fail(
    "quick swarm",
    `${agents} agents were not ready within ${upWithinMs / 1_000} s`,
    "Run it again on a quieter machine.",
  );
}

async function work({ run }: Runner): Promise<Smoke> {
  const lines = `${JSON.stringify({ to: "work", body: "x" })}\n`.repeat(batch);
  const startMs = elapsedMs();
  let sent = 0;
  while (elapsedMs() - startMs < workMs) {
    const { code } = await run(["send", "--batch", "--timeout", `${workMs}ms`], lines);
    if (code === 0) sent += batch;
  }
  await untilSettled(run);
  const seconds = (elapsedMs() - startMs) / 1_000;
  const { said } = await run(["down", "--json", "--timeout", `${downWithinMs}ms`]);
  const { killed, conservation } = JSON.parse(said);
  return { sent, acked: conservation.ended, holds: conservation.holds, killed, seconds };
}

/** Waits until nothing is left to do, or for as long as it had to work. */
async function untilSettled(run: Runner["run"]): Promise<void> {
  const query = "select coalesce(sum(ready + leased), 0) as open from inboxes";
  for (const startMs = elapsedMs(); elapsedMs() - startMs < workMs; await sleep(50)) {
    const { said } = await run(["sql", query, "--json"]);
    if (said.trim() === '{"open":0}') return;
  }
}

function countOf(text: string, part: string): number {
  return text.split(part).length - 1;
}
