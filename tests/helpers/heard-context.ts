// The context of a command that is called in the process of its test: what it answers and says is heard.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../../src/cli/context.ts";
import { tempDir } from "./temp-dir.ts";

export interface Heard {
  context: Context;
  home: string;
  /** What was answered, line by line. */
  lines: string[];
  /** What was said to people. */
  said: string[];
}

/** A context whose home has `skep.toml` with that text; `flags` are the words behind each `--set`. */
export function heardContext(
  settings: string,
  { json = false, flags = [] }: { json?: boolean; flags?: string[] } = {},
): Heard {
  const home = join(tempDir(), "home");
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, "skep.toml"), settings);
  const lines: string[] = [];
  const said: string[] = [];
  // What the commands that are tested in this way ask for, and nothing else.
  const asked: Partial<Context> = {
    json,
    quiet: false,
    choices: { variables: {}, flags },
    home: () => Promise.resolve(home),
    data: (line) => Promise.resolve(void lines.push(...line.split("\n"))),
    say: (text) => void said.push(text),
  };
  return { context: asked as Context, home, lines, said };
}
