// Probes: a command that says by its exit status how an agent's program is.
import { describeExit, launch, signalGroup } from "../agents/process.ts";
import { killLeftovers } from "../agents/strays.ts";
import { keepTail } from "../agents/tail.ts";
import { sleepAwake } from "../core/clock.ts";
import { isSkepError } from "../core/errors.ts";
import type { Host } from "./runner.ts";

const wordsBytesMax = 300;

/** Runs `command` as the agent would, for `timeoutMs` at most: why it does not succeed; undefined when it does. */
export async function probe(
  { spec, env }: Pick<Host, "spec" | "env">,
  command: readonly string[],
  timeoutMs: number,
): Promise<string | undefined> {
  const said = keepTail(wordsBytesMax);
  const onOutput = (chunk: Uint8Array) => said.add(chunk);
  try {
    const launched = { command, cwd: spec.cwd, env, onStdout: onOutput, onStderr: onOutput };
    const child = await launch(launched);
    child.end();
    const over = new AbortController();
    const late = sleepAwake(timeoutMs, over.signal).then(() => undefined);
    const exit = await Promise.race([child.exited, late]);
    over.abort();
    // Whatever it started and left is of no more use to anybody.
    signalGroup(child, "SIGKILL");
    killLeftovers(child);
    if (exit === undefined) return `${command[0]} took longer than ${timeoutMs} ms`;
    if (exit.code === 0) return undefined;
    return [`${command[0]} ${describeExit(exit)}`, said.text()].filter(Boolean).join(": ");
  } catch (error) {
    if (!isSkepError(error, "E_FAILED")) throw error;
    return error.message;
  }
}
