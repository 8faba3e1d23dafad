// What the programs of one census share besides their inboxes: its name, its directory, and the results they leave.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Left by the planner before it sends anything. A file's number is its place in `files`. */
export interface Plan {
  home: string;
  files: string[];
  skipped: string[];
  pieces: number;
}

/** Left by the collector when every piece is in: identifiers per file, in the plan's order. */
export interface Totals {
  counts: number[];
  pieces: number;
  answeredTwice: number;
}

/** Left by the checker. */
export interface Checked {
  counts: Record<string, number>;
  bytes: number;
}

/** Left by the saboteur. */
export type Killed = { agent: string; what: "program" | "host"; pid: number }[];

interface Results {
  plan: Plan;
  totals: Totals;
  checked: Checked;
  killed: Killed;
}

/** The value of an environment variable that the driver sets; throws when it is missing. */
export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: start the census with run.ts`);
  return value;
}

/** Leaves a result in the directory `work`, whole from the first moment it can be seen. */
export function leave<N extends keyof Results>(work: string, name: N, result: Results[N]): void {
  const path = join(work, `${name}.json`);
  writeFileSync(`${path}.new`, JSON.stringify(result));
  renameSync(`${path}.new`, path);
}

/** The result `name`, or undefined while nobody has left it. */
export function find<N extends keyof Results>(work: string, name: N): Results[N] | undefined {
  try {
    return JSON.parse(readFileSync(join(work, `${name}.json`), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
