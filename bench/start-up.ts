// One command from its start to its exit, as somebody at a prompt waits for it, beside an executable that does nothing.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildIfStale, executablePath } from "../bin/build.ts";
import type { Bench } from "./bench.ts";
import { type Figure, median, percentile } from "./figure.ts";
import { body, withHome } from "./home.ts";

export const startUp: Bench = {
  name: "start-up",
  summary: "the executable's send, and recv of a message that waits, from start to exit (medians)",
  async run({ rounds, small, say }) {
    const folder = mkdtempSync(join(tmpdir(), "skep-bench-hello-"));
    try {
      const hello = await buildHello(folder);
      if (await buildIfStale()) say("dist/skep was out of date and is built anew");
      const measured: Measured[] = [];
      for (let round = 1; round <= rounds; round++) {
        say(`round ${round} of ${rounds}`);
        measured.push(await withHome((home) => measure(hello, home, small ? 3 : 100)));
      }
      const empty = (values: number[]) => ({ name: "empty executable", values });
      return (["send", "recv"] as const).flatMap((name): Figure[] => [
        {
          name: `skep ${name}, p50`,
          unit: "ms",
          wanted: "less",
          ours: measured.map((round) => median(round[name].ms)),
          reference: empty(measured.map((round) => median(round.hello.ms))),
          target: { of: "value", limit: 15 },
        },
        {
          name: `skep ${name}, p99`,
          unit: "ms",
          wanted: "less",
          ours: measured.map((round) => percentile(round[name].ms, 0.99)),
          reference: empty(measured.map((round) => percentile(round.hello.ms, 0.99))),
        },
        {
          name: `skep ${name}, resident at most`,
          unit: "MiB",
          wanted: "less",
          ours: measured.map((round) => round[name].residentMiB),
          reference: empty(measured.map((round) => round.hello.residentMiB)),
          target: { of: "value", limit: 45 },
        },
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

type Measured = Record<"hello" | "send" | "recv", { ms: number[]; residentMiB: number }>;

async function measure(hello: string, home: string, count: number): Promise<Measured> {
  const skep = [executablePath, "--quiet", "--home", home];
  const commands = Object.entries({
    hello: [hello],
    send: [...skep, "send", "a1", body.toString()],
    recv: [...skep, "recv", "a1"],
  }) as [keyof Measured, string[]][];
  const start = () => ({ ms: [], residentMiB: 0 });
  const measured: Measured = { hello: start(), send: start(), recv: start() };
  await runFor([...skep, "init"]);
  for (let i = 0; i < count; i++)
    for (const [name, command] of commands) measured[name].ms.push(await runFor(command));
  for (let i = 0; i < count / 10; i++)
    for (const [name, command] of commands)
      measured[name].residentMiB = Math.max(
        measured[name].residentMiB,
        await mostResident(command),
      );
  return measured;
}

const quiet = { stdin: "ignore", stdout: "ignore", stderr: "inherit" } as const;

/** Milliseconds from the start of `command` to its exit. */
async function runFor(command: string[]): Promise<number> {
  const start = performance.now();
  const child = Bun.spawn(command, quiet);
  const status = await child.exited;
  const ms = performance.now() - start;
  if (status !== 0) throw new Error(`${command.slice(0, 5).join(" ")} ended with ${status}`);
  return ms;
}

/** The most memory in MiB that `command` has resident at once. Asked all the while, for what the kernel says of an ended child counts the memory of its parent as well. */
async function mostResident(command: string[]): Promise<number> {
  const child = Bun.spawn(command, quiet);
  let most = 0;
  while (child.exitCode === null) {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      most = Math.max(most, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0));
    } catch {
      // It has ended, and we are about to hear of it.
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return most / 1024;
}

/** An executable built like ours that ends at once: what Bun itself takes. */
async function buildHello(folder: string): Promise<string> {
  const source = join(folder, "hello.ts");
  const outfile = join(folder, "hello");
  writeFileSync(source, "process.exit(0);\n");
  await Bun.build({
    entrypoints: [source],
    target: "bun",
    format: "esm",
    minify: true,
    bytecode: true,
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
  });
  return outfile;
}
