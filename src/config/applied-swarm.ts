// The swarm file as it was when it was last applied. A supervisor that is started again goes on with that: whoever
// edits the file meanwhile, or removes it, has not said yet that it is to hold.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ReadingOptions, readSwarmFile } from "./swarm-file.ts";
import type { Swarm } from "./swarm.ts";

const name = "applied-swarm.json";

interface Applied {
  file: string;
  text: string;
}

/** Keeps what `swarm` was read from in `home`. Throws what the system says when it cannot be written. */
export function keepApplied(home: string, { file, source }: Swarm): void {
  const path = join(home, name);
  const applied: Applied = { file, text: Buffer.from(source).toString("utf8") };
  // In one step: whoever is killed in between leaves the one before.
  writeFileSync(`${path}.new`, JSON.stringify(applied), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** The swarm of `file` as it was last applied in `home`; undefined where none was. */
export async function readApplied(
  home: string,
  file: string,
  options: ReadingOptions = {},
): Promise<Swarm | undefined> {
  let applied: Applied;
  try {
    applied = JSON.parse(readFileSync(join(home, name), "utf8")) as Applied;
  } catch {
    return undefined;
  }
  if (applied.file !== file) return undefined;
  return await readSwarmFile(file, { ...options, source: Buffer.from(applied.text) });
}
