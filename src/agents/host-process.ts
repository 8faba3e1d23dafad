// Starting the host of an agent: another process of this very executable.
import { sleep } from "../core/clock.ts";
import { type Child, launch } from "./process.ts";

/** Starts the host of the agent `name` with its assignment, which goes through a pipe so that no argument list shows it. */
export async function startHost(options: {
  name: string;
  home: string;
  cwd: string;
  env: Record<string, string>;
  assignment: string;
  onOutput(chunk: Uint8Array): void;
}): Promise<Child> {
  const { name, home, cwd, env, assignment, onOutput } = options;
  const command = [...ownCommand(), "host", name, "--home", home];
  const host = await launch({ command, cwd, env, onStdout: onOutput, onStderr: onOutput });
  // The pipe stays open: its end tells the host that its supervisor is gone.
  await Promise.race([host.write(`${assignment}\n`), host.exited, sleep(10_000)]);
  return host;
}

/** What starts skep again: the compiled executable, or the runtime with the script it runs. */
export function ownCommand(): string[] {
  const script = process.argv[1];
  const compiled = script === undefined || script.includes("$bunfs") || script.includes("~BUN");
  return compiled ? [process.execPath] : [process.execPath, script];
}
