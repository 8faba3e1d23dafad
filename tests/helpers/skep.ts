// The command line run from its source, in a home of its own.
import { join } from "node:path";
import { tempDir } from "./temp-dir.ts";

const program = join(import.meta.dir, "..", "..", "bin", "skep.ts");

export interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** A function that runs `skep` with some words in a new home; what it reads is `stdin`, nothing when left out, and `env` comes on top of an environment with nothing of skep's in it. */
export function newSkep(): (
  words: readonly string[],
  stdin?: string | Uint8Array,
  env?: Record<string, string>,
) => Promise<Ran> {
  const home = join(tempDir(), "home");
  const { PATH = "", HOME = "" } = process.env;
  return async (words, stdin = "", env = {}) => {
    const child = Bun.spawn([process.execPath, program, ...words], {
      stdin: Buffer.from(stdin),
      stdout: "pipe",
      stderr: "pipe",
      env: { PATH, HOME, SKEP_HOME: home, ...env },
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    await child.exited;
    return { status: child.exitCode, stdout, stderr };
  };
}
