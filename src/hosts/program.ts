// The program of a stream or self agent: one process for as long as the agent lives.
import { type Child, describeExit, launch, signalGroup, stopGroup } from "../agents/process.ts";
import type { Exit, Launch } from "../agents/spawned.ts";
import { sleepAwake } from "../core/clock.ts";
import type { Ended, Host, Work } from "./runner.ts";

/** Starts the agent's program, or takes one that runs already, and notes that it runs; its stderr goes to the log. E_FAILED when it cannot be started. */
export async function startProgram(host: Host, onStdout: Launch["onStdout"]): Promise<Child> {
  const { spec, env, log, spares } = host;
  const onStderr = (chunk: Uint8Array) => log.append(chunk);
  const launched = { command: spec.command!, cwd: spec.cwd, env, onStdout, onStderr };
  const child = spares.take(spec.name, launched) ?? (await launch(launched));
  cleanUpAfter(host, child);
  host.started(child);
  return child;
}

/** Once the program has ended by itself, ends what it leaves behind: that may hold its output, and so hold up its end; nobody is to wait for it. */
export function cleanUpAfter(host: Host, child: Pick<Child, "exited">): void {
  void child.exited.then(async () => {
    if (!host.draining.aborted) await host.endStrays();
  });
}

/** Gives the program `leaveMs` to end by itself, then ends it. */
export async function letLeave(
  host: Host,
  child: Pick<Child, "pid" | "startTime" | "exited">,
  leaveMs: number,
): Promise<void> {
  const waited = new AbortController();
  await Promise.race([child.exited, sleepAwake(leaveMs, waited.signal)]);
  waited.abort();
  // A shell at a terminal heeds no SIGTERM, but that its terminal is gone.
  if (host.spec.terminal) signalGroup(child, "SIGHUP");
  await stopGroup(child, stopGraceMs(host));
}

/** Whether a program that ended with `exit` did what it was to do. */
export function isSuccess({ successExitCodes = [0] }: Work, { code }: Exit): boolean {
  return code !== null && successExitCodes.includes(code);
}

/** How long the program of `host` may take to end, in milliseconds. */
export function stopGraceMs({ spec, settings }: Pick<Host, "spec" | "settings">): number {
  return spec.stopGraceMs ?? settings.agents.stopGraceMs;
}

/** How an agent ended whose program ended with `exit`; whatever ends when it is told to has stopped. */
export function endedBy({ spec, draining }: Host, exit: Exit): Ended {
  if (draining.aborted || isSuccess(spec, exit)) return { state: "stopped", reason: null };
  return { state: "failed", reason: `${spec.command![0]} ${describeExit(exit)}` };
}
