// The guardian: a small process above the supervisor. It opens no database; when the supervisor is killed it ends
// all that was left of it and starts it again, by the rule that agents are started again by.
import { elapsedMs, sleep } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import { SkepError } from "../core/errors.ts";
import { type Child, describeExit, launch, signalProcess } from "./process.ts";
import type { Exit } from "./spawned.ts";
import { decideRestart, usualRestart, withinPeriod } from "./restart.ts";
import { type Shelter, openShelter } from "./strays.ts";

export interface Guarding {
  /** The supervisor: the program and its arguments; `again` when one was killed before. */
  supervisor(again: boolean): { command: readonly string[]; env: Record<string, string> };
  /** Ends what a supervisor that stays dead has left in the database. */
  finish(gaveUp: string): { command: readonly string[]; env: Record<string, string> };
  /** How long what was left behind may take to end. */
  stopGraceMs: number;
  say(text: string): void;
  /** Aborts when the swarm is to go down; the second one when it is not to wait. */
  signal: AbortSignal;
  urgent: AbortSignal;
}

const reapEveryMs = 2_000;

/** Runs the supervisor, again and again while it is killed: the exit status of the last one, or undefined when `signal` ended it. E_FAILED when it cannot be started or is killed too often. */
export async function guard(guarding: Guarding): Promise<number | undefined> {
  const { signal, urgent, stopGraceMs, say } = guarding;
  const shelter = openShelter();
  let restarts: number[] = [];
  let running: Child | undefined;
  const tell = () => {
    if (running === undefined) return;
    signalProcess(running, "SIGTERM");
    // A stopped process hears nothing until it is continued.
    signalProcess(running, "SIGCONT");
  };
  for (const when of [signal, urgent]) when.addEventListener("abort", tell);
  // Whoever leaves without waiting for it takes it along, whatever it waits for itself.
  process.once("exit", () => running !== undefined && signalProcess(running, "SIGKILL"));
  for (let again = false; ; again = true) {
    running = await startSupervisor(guarding.supervisor(again));
    if (signal.aborted) tell();
    const exit = await untilEnded(running, shelter);
    running = undefined;
    if (exit.signal === null && exit.code !== 1) {
      await shelter.end(stopGraceMs);
      return signal.aborted && exit.code === 143 ? undefined : exit.code!;
    }
    // One that was told to stop before it could listen ended as it was told.
    if (!signal.aborted) say(`the supervisor ${describeExit(exit)}`);
    await shelter.end(stopGraceMs);
    const tick = elapsedMs();
    const decision = decideRestart(supervisorRestart, true, restarts, tick, Math.random());
    if (signal.aborted || "stays" in decision) {
      const tooOften = `the supervisor ${describeExit(exit)} too often`;
      await untilEnded(await startSupervisor(guarding.finish(tooOften)), shelter);
      if (signal.aborted) return undefined;
      throw new SkepError("E_FAILED", tooOften, {
        hint: "What it said last stands above. skep up starts the swarm again.",
      });
    }
    restarts = [...withinPeriod(restarts, tick, supervisorRestart.periodMs), tick];
    say(`it starts again in ${formatDuration(decision.restartInMs)}`);
    await sleep(decision.restartInMs, signal);
  }
}

const supervisorRestart = { ...usualRestart, when: "always" } as const;

/** Starts the supervisor in a session of its own: what a terminal sends comes to it through us. Its input stays open while we live. */
function startSupervisor({ command, env }: ReturnType<Guarding["supervisor"]>): Promise<Child> {
  return launch({ command, cwd: process.cwd(), env, output: "inherit" });
}

/** Waits for the end of the supervisor, and meanwhile takes leave of those that were left to us. */
async function untilEnded({ exited }: Child, shelter: Shelter): Promise<Exit> {
  const over = new AbortController();
  void (async () => {
    while (!over.signal.aborted) {
      await sleep(reapEveryMs, over.signal);
      if (!over.signal.aborted) shelter.reap();
    }
  })();
  const exit = await exited;
  over.abort();
  return exit;
}
