// Tells by a program: once for each notice, without a shell, bounded in time and in what it may write.
import { type Child, describeExit, launch, signalGroup, stopGroup } from "../agents/process.ts";
import { killLeftovers } from "../agents/strays.ts";
import { keepTail } from "../agents/tail.ts";
import { aborted, sleep } from "../core/clock.ts";
import { writeDuration } from "../core/durations.ts";
import { SkepError } from "../core/errors.ts";
import { printable } from "../core/text.ts";

export interface Telling {
  /** The program and its arguments. */
  command: readonly string[];
  cwd: string;
  /** The whole environment. */
  env: Record<string, string>;
  /** What it reads. */
  input: string;
  timeoutMs: number;
  /** How long it may take to end once it is told to; a second where it is not said. */
  stopGraceMs?: number | undefined;
}

// What it says is for the error alone, and nobody needs more of it.
const tailBytes = 300;
const outputBytesMax = 1024 * 1024;
const usualGraceMs = 1_000;

/** Runs the program to its end. E_FAILED when it cannot be started, takes too long, writes too much, or ends otherwise than with 0; it and what it left of its group are ended then. */
export async function tellByProgram(telling: Telling, signal: AbortSignal): Promise<void> {
  const { command, cwd, env, input, timeoutMs, stopGraceMs = usualGraceMs } = telling;
  const said = keepTail(tailBytes);
  const flooded = new AbortController();
  let bytes = 0;
  const hear = (chunk: Uint8Array) => {
    said.add(chunk);
    bytes += chunk.length;
    if (bytes > outputBytesMax) flooded.abort();
  };
  const child = await launch({ command, cwd, env, onStdout: hear, onStderr: hear });
  void child.write(input).then(() => child.end());
  const settled = new AbortController();
  // Nobody listens to `signal` itself, which outlives many programs.
  const end = AbortSignal.any([signal, settled.signal]);
  const why = await Promise.race([
    child.exited.then(() => undefined),
    sleep(timeoutMs, settled.signal).then(() => `took longer than ${writeDuration(timeoutMs)}`),
    aborted(flooded.signal).then(() => "wrote more than 1 MiB"),
    aborted(end).then(() => "was at it when skep ended"),
  ]);
  settled.abort();
  if (why !== undefined) await stopGroup(child, flooded.signal.aborted ? 0 : stopGraceMs);
  endLeftovers(child);
  const exit = await child.finished;
  if (why === undefined && exit.code === 0) return;
  // The end of a flood says nothing.
  const words = flooded.signal.aborted ? "" : printable(said.text().replace(/\s+/g, " "));
  const hint = words === "" ? undefined : `It said: ${words}`;
  throw new SkepError("E_FAILED", `${command[0]} ${why ?? describeExit(exit)}`, { hint });
}

/** Ends what it started and left: that may hold its outputs, and one notice after the other would fill the machine. */
function endLeftovers(child: Child): void {
  signalGroup(child, "SIGKILL");
  killLeftovers(child);
}
