// Waits for the results of a census and shows how far it is.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  ask,
  piecesEnded,
  type PiecesEnded,
  type Row,
  type Swarm,
  type SwarmOptions,
} from "./swarm.ts";
import { type Checked, find, type Killed, type Plan, type Totals } from "./work.ts";

export interface Results {
  plan: Plan;
  totals: Totals;
  checked: Checked;
  killed: Killed;
  /** As `skep ps` shows them at the end of the work. */
  agents: Row[];
}

type Partly<T> = { [K in keyof T]: T[K] | undefined };

const pollMs = 500;
const lineEveryMs = 5_000;
const ours = new Set<unknown>(["pieces", "collector"]);
// Any worker may go, for others do its work.
const irreplaceable = new Set<unknown>(["planner", "collector", "checker", "saboteur"]);

/**
 * Everything the programs left behind, once it is all there and both inboxes are empty. Throws what went wrong when the
 * swarm ends early, a program that all depends on gives up, `limitMs` pass, or `signal` aborts.
 */
export async function watch(
  options: SwarmOptions,
  swarm: Swarm,
  before: PiecesEnded,
  limitMs: number,
  signal: AbortSignal,
): Promise<Results> {
  const began = Date.now();
  const say = progressLine();
  try {
    for (;;) {
      signal.throwIfAborted();
      if (swarm.exitCode() !== null)
        throw new Error(`skep up ended by itself: ${lastWords(options.work)}`);
      const agents = await ask(options, "ps");
      const results = collect(options.work, agents);
      const waitsFor = missing(results);
      if (waitsFor.length === 0 && (await isQuiet(options))) return results as Results;

      const gone = agents.find((row) => irreplaceable.has(row["name"]) && hasFailed(row));
      if (gone !== undefined) throw new Error(`an agent gave up: ${JSON.stringify(gone)}`);
      const elapsedMs = Date.now() - began;
      if (elapsedMs > limitMs)
        throw new Error(
          `not done after ${limitMs / 1000} s, still waiting for ${waitsFor.join(", ") || "the inboxes to empty"}`,
        );
      const { acked, dead } = await piecesEnded(options);
      if (dead > before.dead) throw new Error("a piece became a dead letter");
      const seconds = Math.round(elapsedMs / 1000);
      say(
        `${acked - before.acked} of ${results.plan?.pieces ?? "?"} pieces counted by ${agents.length} agents, ${seconds} s`,
      );
      await Bun.sleep(pollMs);
    }
  } finally {
    say();
  }
}

/** Whether an agent, as `skep ps` shows it, ended otherwise than by itself and well. */
export function hasFailed(agent: Row): boolean {
  return agent["state"] === "failed" || agent["state"] === "dead";
}

/** The end of what `skep up` said. */
export function lastWords(work: string): string {
  return readFileSync(join(work, "up.log"), "utf8").trim().split("\n").slice(-5).join("\n");
}

function collect(work: string, agents: Row[]): Partly<Results> {
  return {
    agents,
    plan: find(work, "plan"),
    totals: find(work, "totals"),
    checked: find(work, "checked"),
    killed: find(work, "killed"),
  };
}

function missing({ plan, totals, checked, killed }: Partly<Results>): string[] {
  const left = { planner: plan, collector: totals, checker: checked, saboteur: killed };
  return Object.entries(left)
    .filter(([, result]) => result === undefined)
    .map(([agent]) => agent);
}

async function isQuiet(options: SwarmOptions): Promise<boolean> {
  const open = ["ready", "delayed", "leased", "parked"];
  const inboxes = (await ask(options, "inboxes")).filter((row) => ours.has(row["inbox"]));
  return inboxes.every((row) => open.every((state) => Number(row[state] ?? 0) === 0));
}

// One line that changes on a terminal; elsewhere a line now and then.
function progressLine(): (text?: string) => void {
  let lastAt = 0;
  return (text) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text ?? ""}`);
    else if (text !== undefined && Date.now() - lastAt >= lineEveryMs) {
      lastAt = Date.now();
      process.stderr.write(`${text}\n`);
    }
  };
}
