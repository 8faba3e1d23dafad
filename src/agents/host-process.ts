// Starting the host of an agent: another process of this very executable.
import { sleep } from "../core/clock.ts";
import { type Child, launch } from "./process.ts";

/** What the environment of a host tells its runtime, which is made for programs that have the machine to themselves. */
export const hostRuntime = {
  // Left alone it compiles whatever ran 500 times, and with many hosts on a few cores the compiling takes longer
  // than the work: 60 of them answer a broadcast in 70 ms then, and in 45 this way.
  BUN_JSC_thresholdForJITAfterWarmUp: "5000",
  // Left alone it looks for garbage every second, which is most of what an idle host takes: 100 of them 11 % of a
  // core, and 6 % this way. What allocates much is collected all the same.
  BUN_GC_TIMER_INTERVAL: "10000",
};

/** Starts the host of the agent `name` with its assignment, which goes through a pipe so that no argument list shows it. E_FAILED when it cannot be started. */
export async function startHost(options: {
  /** What starts skep. */
  skep: readonly string[];
  name: string;
  home: string;
  cwd: string;
  env: Record<string, string>;
  assignment: string;
  onOutput(chunk: Uint8Array): void;
}): Promise<Child> {
  const { skep, name, home, cwd, env, assignment, onOutput } = options;
  const command = [...skep, "host", name, "--home", home];
  const host = await launch({ command, cwd, env, onStdout: onOutput, onStderr: onOutput });
  // The pipe stays open: its end tells the host that its supervisor is gone.
  const waited = new AbortController();
  const written = host.write(`${assignment}\n`);
  await Promise.race([written, host.exited, sleep(10_000, waited.signal)]);
  waited.abort();
  return host;
}
