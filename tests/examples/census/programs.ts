// Runs the programs of the census as agents of a swarm would be run, with a stand-in for skep.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { tempDir } from "../../helpers/temp-dir.ts";

export const programs = resolve(import.meta.dir, "../../../examples/census");

export interface Stage {
  run: string;
  /** The tree to be counted. */
  directory: string;
  /** What the stand-in is given and writes down. */
  fake: string;
  env: Record<string, string>;
}

/** Three empty directories and the environment that `run.ts` and skep would give to an agent. */
export function stage(files: Record<string, Uint8Array | string> = {}): Stage {
  const [directory, work, fake] = [tempDir(), tempDir(), tempDir()];
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
  const path = [join(import.meta.dir, "fake-skep"), dirname(process.execPath), process.env["PATH"]];
  const env = {
    PATH: path.join(":"),
    FAKE: fake,
    SKEP_HOME: join(directory, ".skep"),
    CENSUS_RUN: "now",
    CENSUS_DIR: directory,
    CENSUS_WORK: work,
    CENSUS_ACKED_BEFORE: "0",
  };
  return { run: "now", directory, fake, env };
}

/** What `command` prints, given `input`; throws when it does not end with 0. */
export async function run(stage: Stage, command: string[], input = ""): Promise<string> {
  const child = Bun.spawn(command, {
    cwd: programs,
    env: stage.env,
    stdin: new Blob([input]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, complaints] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0)
    throw new Error(`${command.join(" ")} ended with ${child.exitCode}: ${complaints}`);
  return output;
}

/** A TypeScript program of the census, as a command. */
export function bun(program: string): string[] {
  return [process.execPath, program];
}

/** The lines of a file that the stand-in wrote; none when it never did. */
export function written(stage: Stage, name: "sent" | "settled"): string[] {
  try {
    return readFileSync(join(stage.fake, name), "utf8").trimEnd().split("\n");
  } catch {
    return [];
  }
}

/** A delivery as `skep recv` prints it. */
export function delivery(receipt: string, type: string, body: string): string {
  return JSON.stringify({
    id: 1,
    receipt,
    from: "planner",
    to: "pieces",
    type,
    body,
    body_b64: null,
    priority: 4,
    attempt: 1,
    sent_at: 0,
    lease_until: 60_000,
    thread: null,
    reply_to: "collector",
  });
}
