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

type Left = { [Name in Exclude<keyof Results, "agents">]: Results[Name] | undefined };

const pollMs = 1_000;
const lineEveryMs = 5_000;
const ours = new Set<unknown>(["pieces", "collector"]);
// Any worker may go, for others do its work.
const irreplaceable = new Set<unknown>(["planner", "collector", "checker", "saboteur"]);

/**
 * Everything the programs left behind, once it is all there and both inboxes are empty. Throws what went wrong when the
 * swarm ends early, a program that all depends on gives up, nothing gets on for `limitMs`, or `signal` aborts. However
 * long the whole takes is no fault: that is a matter of the machine.
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
  const idleMs = idleTime();
  try {
    for (;;) {
      signal.throwIfAborted();
      if (swarm.exitCode() !== null)
        throw new Error(`skep up ended by itself: ${lastWords(options.work)}`);
      const left = findAll(options.work);
      const agents = await ask(options, "ps");
      const inboxes = await ask(options, "inboxes");
      const waitsFor = missing(left);
      // A look that failed shows nothing, and is none.
      if (waitsFor.length === 0 && agents.length > 0 && isQuiet(inboxes))
        return { ...left, agents } as Results;

      const gone = agents.find((row) => irreplaceable.has(row["name"]) && hasFailed(row));
      if (gone !== undefined) throw new Error(`an agent gave up: ${JSON.stringify(gone)}`);
      const elapsedMs = Date.now() - began;
      if (idleMs([...waitsFor, ...ackedIn(inboxes)].join(), elapsedMs) > limitMs)
        throw new Error(
          `nothing got on for ${limitMs / 1000} s, still waiting for ${waitsFor.join(", ") || "the inboxes to empty"}`,
        );
      const { acked, dead } = piecesEnded(inboxes);
      if (dead > before.dead) throw new Error("a piece became a dead letter");
      const seconds = Math.round(elapsedMs / 1000);
      // What an earlier census left behind is worked off as well, and must not make more than all.
      const pieces = left.plan?.pieces ?? 0;
      const done = Math.min(acked - before.acked, pieces);
      say(
        pieces === 0
          ? `the swarm starts, ${seconds} s`
          : `${done} of ${pieces} pieces counted by ${agents.length} agents, ${seconds} s`,
      );
      await Bun.sleep(waitsFor.length === 0 ? pollMs / 10 : pollMs);
    }
  } finally {
    say();
  }
}

/** A function that is shown what there is to see at a time, and answers for how long it has been the same. Both in milliseconds. */
export function idleTime(): (seen: string, nowMs: number) => number {
  let last = "";
  let sinceMs = 0;
  return (seen, nowMs) => {
    if (seen !== last) [last, sinceMs] = [seen, nowMs];
    return nowMs - sinceMs;
  };
}

/** Whether an agent, as `skep ps` shows it, ended otherwise than by itself and well. */
export function hasFailed(agent: Row): boolean {
  return agent["state"] === "failed" || agent["state"] === "dead";
}

/** The end of what `skep up` said. */
export function lastWords(work: string): string {
  return readFileSync(join(work, "up.log"), "utf8").trim().split("\n").slice(-5).join("\n");
}

function findAll(work: string): Left {
  return {
    plan: find(work, "plan"),
    totals: find(work, "totals"),
    checked: find(work, "checked"),
    killed: find(work, "killed"),
  };
}

function missing({ plan, totals, checked, killed }: Left): string[] {
  const leavers = { planner: plan, collector: totals, checker: checked, saboteur: killed };
  return Object.entries(leavers)
    .filter(([, result]) => result === undefined)
    .map(([agent]) => agent);
}

function ackedIn(inboxes: Row[]): unknown[] {
  return inboxes.filter(isOurs).map((row) => row["acked"]);
}

function isQuiet(inboxes: Row[]): boolean {
  const open = ["ready", "delayed", "leased", "parked"];
  const rows = inboxes.filter(isOurs);
  return rows.length === ours.size && rows.every((row) => open.every((state) => row[state] === 0));
}

function isOurs(row: Row): boolean {
  return ours.has(row["inbox"]);
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
