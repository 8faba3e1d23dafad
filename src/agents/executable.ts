// The executable that runs: how to start it again, and how programs find it.
import { dirname } from "node:path";

/** Where this executable, or its runtime, lies. When another one was put into its place right after it began, the kernel calls it deleted, and the other one is meant. */
function ownProgram(): string {
  return process.execPath.replace(/ \(deleted\)$/, "");
}

/** What starts skep again: the compiled executable, or the runtime with the script it runs. */
export function ownCommand(): string[] {
  const script = process.argv[1];
  const compiled = script === undefined || script.includes("$bunfs") || script.includes("~BUN");
  if (compiled) return [ownProgram()];
  // Deno gives a program no rights that it was not told to.
  const run = process.versions["deno"] === undefined ? [] : ["run", "--allow-all"];
  return [ownProgram(), ...run, script];
}

/**
 * What the environment of a process of ours tells its runtime, so that it does with the threads it has: it starts more of
 * them now and then, to collect garbage or to compile, and where no process may be made any more it aborts for want of one.
 */
export const fewThreads = {
  BUN_JSC_useConcurrentGC: "0",
  BUN_JSC_numberOfGCMarkers: "1",
  BUN_JSC_useConcurrentJIT: "0",
  // The thread that gives back what is free ten times a second; whoever waits for something does it as well.
  MIMALLOC_SCAVENGER: "0",
};

/** Has this process, which runs `words`, begin again with `env` around it: the same process, from the start. Comes back where that is not to be had. */
export function beginAgain(words: readonly string[], env: Record<string, string>): void {
  // Node ends a process that it cannot begin again.
  if (process.versions.bun === undefined || process.execve === undefined) return;
  const [program, ...args] = [...ownCommand(), ...words];
  try {
    process.execve(program!, [program!, ...args], env);
  } catch {
    // Then it goes on as it is.
  }
}

// What a shell falls back on: enough for `sh`, and nothing of whoever called `skep up`.
const plainPath = "/usr/local/bin:/usr/bin:/bin";

/** `env` with the directory of this executable first on its PATH, so that programs find the skep they belong to. */
export function withSkepOnPath(env: Record<string, string>): Record<string, string> {
  return { ...env, PATH: `${dirname(ownProgram())}:${env["PATH"] || plainPath}` };
}
