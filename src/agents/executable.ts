// The executable that runs: how to start it again, and how programs find it.
import { dirname } from "node:path";

/** What starts skep again: the compiled executable, or the runtime with the script it runs. */
export function ownCommand(): string[] {
  const script = process.argv[1];
  const compiled = script === undefined || script.includes("$bunfs") || script.includes("~BUN");
  if (compiled) return [process.execPath];
  // Deno gives a program no rights that it was not told to.
  const run = process.versions["deno"] === undefined ? [] : ["run", "--allow-all"];
  return [process.execPath, ...run, script];
}

// What a shell falls back on: enough for `sh`, and nothing of whoever called `skep up`.
const plainPath = "/usr/local/bin:/usr/bin:/bin";

/** `env` with the directory of this executable first on its PATH, so that programs find the skep they belong to. */
export function withSkepOnPath(env: Record<string, string>): Record<string, string> {
  return { ...env, PATH: `${dirname(process.execPath)}:${env["PATH"] || plainPath}` };
}
