// Runs the toy commands of tests/fixtures/cli/door.ts as processes of their own.
import { join } from "node:path";

const program = join(import.meta.dir, "..", "fixtures", "cli", "door.ts");

export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface DoorOptions {
  /** What it reads, nothing by default; "open" for a pipe into which nothing comes. */
  stdin?: string | Uint8Array | "open";
  /** Over an environment with nothing of skep's in it. */
  env?: Record<string, string>;
  cwd?: string;
}

/** The process that runs the toy command of `words`. */
export function openDoor(words: readonly string[], options: DoorOptions = {}) {
  const { stdin = "", cwd } = options;
  return Bun.spawn([process.execPath, program, ...words], {
    stdin: stdin === "open" ? "pipe" : typeof stdin === "string" ? Buffer.from(stdin) : stdin,
    stdout: "pipe",
    stderr: "pipe",
    env: { ...plainEnvironment(), ...options.env },
    ...(cwd !== undefined && { cwd }),
  });
}

/** What the toy command of `words` prints, and its exit status. */
export async function door(words: readonly string[], options: DoorOptions = {}): Promise<Ended> {
  const child = openDoor(words, options);
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  return { status: child.exitCode, stdout, stderr };
}

/** What `script` prints in a shell where `$DOOR` runs a toy command. */
export async function doorScript(script: string): Promise<Ended> {
  const child = Bun.spawn(["bash", "-c", script], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...plainEnvironment(), DOOR: `${process.execPath} ${program}` },
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  return { status: child.exitCode, stdout, stderr };
}

function plainEnvironment(): Record<string, string> {
  const { PATH = "", HOME = "", TMPDIR = "" } = process.env;
  return { PATH, HOME, ...(TMPDIR !== "" && { TMPDIR }) };
}
