// What the doctor mends by itself: nothing by which anybody could lose anything.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { busFile } from "../store/files.ts";
import { prepareHome } from "../store/filesystem.ts";

/** Makes `home` where there is none, closes it to others, and has `reap` end what a dead supervisor left: what was done. Throws what `prepareHome` and `reap` throw. */
export async function mend(home: string, reap: () => Promise<unknown>): Promise<string[]> {
  const done: string[] = [];
  const modeBefore = modeOf(home);
  prepareHome(home);
  if (modeBefore === undefined) done.push(`made ${home}`);
  else if (modeBefore !== modeOf(home)) done.push(`closed ${home} to other users`);
  // Without a database there is nothing to end, and none is made for that.
  if (existsSync(join(home, busFile.name)) && (await reap()) !== undefined)
    done.push("ended what a dead supervisor had left");
  return done;
}

function modeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mode;
}
