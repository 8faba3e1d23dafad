// The program of a stream or self agent: one process for as long as the agent lives.
import {
  type Child,
  type Exit,
  type Launch,
  describeExit,
  launch,
  stopGroup,
} from "../agents/process.ts";
import { sleep } from "../core/clock.ts";
import type { Ended, Host } from "./runner.ts";

/** Starts the agent's program and notes that it runs; its stderr goes to the log. E_FAILED when it cannot be started. */
export async function startProgram(host: Host, onStdout: Launch["onStdout"]): Promise<Child> {
  const { spec, env, log } = host;
  const child = await launch({
    command: spec.command!,
    cwd: spec.cwd,
    env,
    onStdout,
    onStderr: (chunk) => log.append(chunk),
  });
  await host.started(child);
  return child;
}

/** Gives the program `leaveMs` to end by itself, then ends it. */
export async function letLeave(host: Host, child: Child, leaveMs: number): Promise<void> {
  const waited = new AbortController();
  await Promise.race([child.exited, sleep(leaveMs, waited.signal)]);
  waited.abort();
  await stopGroup(child, host.settings.agents.stopGraceMs);
}

/** How an agent ended whose program ended with `exit`; whatever ends when it is told to has stopped. */
export function endedBy({ spec, draining }: Host, exit: Exit): Ended {
  if (exit.code === 0 || draining.aborted) return { state: "stopped", reason: null };
  return { state: "failed", reason: `${spec.command![0]} ${describeExit(exit)}` };
}
