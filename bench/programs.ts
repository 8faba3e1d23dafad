// The other processes of a bench: they answer with lines of JSON on stdout, and end when their stdin does.
import { join } from "node:path";

export interface Program {
  readonly pid: number;
  /** Its next line; rejects when it ends without one. */
  next<Answer>(): Promise<Answer>;
  tell(line: string): void;
  /** Closes its stdin, and resolves when it has ended. */
  end(): Promise<void>;
}

const running = new Set<Program & { kill(): void }>();

/** Starts bench/programs/`name`. */
export function startProgram(name: string, args: string[]): Program {
  const path = join(import.meta.dir, "programs", name);
  const child = Bun.spawn([process.execPath, path, ...args], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines = linesOf(child.stdout);
  const program = {
    pid: child.pid,
    async next<Answer>() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${name} ${args.join(" ")} ended with ${await child.exited}`);
      return JSON.parse(value) as Answer;
    },
    tell(line: string) {
      child.stdin.write(`${line}\n`);
      void child.stdin.flush();
    },
    async end() {
      child.stdin.end();
      await child.exited;
      running.delete(program);
    },
    kill: () => child.kill("SIGKILL"),
  };
  running.add(program);
  return program;
}

/** Starts `count` programs, some at a time, each with its number's arguments, and waits for the first line of each. */
export async function startCrowd(
  count: number,
  name: string,
  args: (index: number) => string[],
): Promise<Program[]> {
  const crowd: Program[] = [];
  const atOnce = 8;
  for (let index = 0; index < count; index += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, count - index) }, (_, i) =>
      startProgram(name, args(index + i)),
    );
    crowd.push(...some);
    for (const program of some) await program.next();
  }
  return crowd;
}

/** Ends `programs`, some at a time. */
export async function endCrowd(programs: readonly Program[]): Promise<void> {
  const atOnce = 32;
  for (let index = 0; index < programs.length; index += atOnce)
    await Promise.all(programs.slice(index, index + atOnce).map((program) => program.end()));
}

/** Kills every program that still runs: nothing is left behind when a bench fails. */
export function killAll(): void {
  for (const program of running) program.kill();
  running.clear();
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
