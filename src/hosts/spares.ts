// Spares: programs of stream agents that a host starts ahead, so that an agent that starts need not wait for one. None
// of them knows yet whose it will be.
import { type Child, launch, stopGroup } from "../agents/process.ts";
import type { Launch } from "../agents/spawned.ts";
import { keepTail } from "../agents/tail.ts";
import { isSkepError } from "../core/errors.ts";
import { isAlive } from "../core/identity.ts";
import { randomHex } from "../core/ids.ts";

/** What is to run. */
export type Program = Pick<Launch, "command" | "cwd" | "env">;

export interface Spares {
  /** One that waits in place of `launched`, as the program of the agent `name` from now on; what it has written comes first. Undefined when none does. */
  take(name: string, launched: Launch): Child | undefined;
  /** What tells apart, by its environment, the program that the agent `name` was handed; none when it was not. */
  marksOf(name: string): readonly string[];
  /** Has `wanted` of `program` wait; those of another kind wait no more. */
  refill(program: Program, wanted: number): void;
  /** Ends those that wait, and starts no more. */
  end(): Promise<void>;
}

// What one says before it has a name is kept, but for what comes before the last of it.
const wordsBytesMax = 8_000;

/** The spares of one host, none at first. `graceMs` is how long one that is not wanted may take to end. */
export function openSpares(graceMs: number): Spares {
  let kind = "";
  let waiting: Spare[] = [];
  let ended = false;
  const marks = new Map<string, string>();

  const discard = async () => {
    const those = waiting;
    waiting = [];
    await Promise.all(those.map((spare) => spare.discard(graceMs)));
  };
  return {
    take(name, launched) {
      marks.delete(name);
      if (kindOf(launched) !== kind) return undefined;
      const spare = waiting.find((one) => one.runs());
      if (spare === undefined) return undefined;
      waiting = waiting.filter((one) => one !== spare);
      marks.set(name, spare.mark);
      return spare.give(launched);
    },
    marksOf: (name) => [marks.get(name) ?? []].flat(),
    refill(program, wanted) {
      if (ended) return;
      if (kindOf(program) !== kind) {
        kind = kindOf(program);
        void discard();
      }
      const wait = waiting.filter((spare) => !spare.gone());
      const missing = Math.max(0, wanted - wait.length);
      waiting = [...wait, ...Array.from({ length: missing }, () => startSpare(program))];
    },
    async end() {
      ended = true;
      await discard();
    },
  };
}

/** What the programs of two agents have in common when either can be the other's. */
function kindOf({ command, cwd, env }: Program): string {
  return JSON.stringify([command, cwd, nameless(env)]);
}

function nameless({
  SKEP_AGENT: _,
  SKEP_TOKEN: __,
  ...env
}: Record<string, string>): Record<string, string> {
  return env;
}

interface Spare {
  readonly mark: string;
  runs(): boolean;
  /** Whether it has ended, or never began. */
  gone(): boolean;
  /** Hands it over; it has to run. */
  give(to: Pick<Launch, "onStdout" | "onStderr">): Child;
  discard(graceMs: number): Promise<void>;
}

function startSpare({ command, cwd, env }: Program): Spare {
  const mark = randomHex(8);
  const written: Uint8Array[] = [];
  const words = keepTail(wordsBytesMax);
  // What it answers stays unread for whoever it will answer to.
  let hears: Pick<Launch, "onStdout" | "onStderr"> = {
    onStdout: (chunk) => (written.push(chunk), false),
    onStderr: (chunk) => words.add(chunk),
  };
  let child: Child | undefined;
  let failed = false;
  const started = launch({
    command,
    cwd,
    env: { ...nameless(env), SKEP_SPARE: mark },
    onStdout: (chunk) => hears.onStdout(chunk),
    onStderr: (chunk) => hears.onStderr(chunk),
  }).then(
    (one) => void (child = one),
    (error: unknown) => {
      // Whoever has to start it without us is told why that is not possible.
      if (!isSkepError(error, "E_FAILED")) throw error;
      failed = true;
    },
  );
  return {
    mark,
    runs: () => child !== undefined && isAlive(child),
    gone: () => failed || (child !== undefined && !isAlive(child)),
    give(to) {
      hears = to;
      const said = words.text();
      if (said !== "") to.onStderr(Buffer.from(`${said}\n`));
      for (const chunk of written) to.onStdout(chunk);
      child!.resume();
      return child!;
    },
    async discard(graceMs) {
      await started;
      child?.end();
      if (child !== undefined) await stopGroup(child, graceMs);
    },
  };
}
