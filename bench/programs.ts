// The other processes of a bench: they answer with lines of JSON on stdout, and end when their stdin does.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
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

/**
 * Bundles bench/programs/`names`, to be run with `startProgram`: as one file each they start about as fast as the reference
 * programs do. What was bundled is removed when this process ends.
 */
export async function bundlePrograms(...names: string[]): Promise<void> {
  if (bundled === undefined) {
    const folder = mkdtempSync(join(tmpdir(), "skep-bench-programs-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    bundled = folder;
  }
  const entrypoints = names.map((name) => join(import.meta.dir, "programs", `${name}.ts`));
  await Bun.build({ entrypoints, outdir: bundled, target: "bun", format: "esm", minify: true });
}

let bundled: string | undefined;

/** Starts the program `name`, which was bundled, with `env` besides our own environment. */
export function startProgram(
  name: string,
  args: string[],
  env: Record<string, string> = {},
): Program {
  const child = Bun.spawn([process.execPath, join(bundled!, `${name}.js`), ...args], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
    env: { ...process.env, ...env },
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
  env: Record<string, string> = {},
): Promise<Program[]> {
  const crowd: Program[] = [];
  const atOnce = 16;
  for (let index = 0; index < count; index += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, count - index) }, (_, i) =>
      startProgram(name, args(index + i), env),
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
