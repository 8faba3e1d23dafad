// What the doctor mends by itself: nothing by which anybody could lose anything.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isSkepError } from "../core/errors.ts";
import { busFile } from "../store/files.ts";
import { prepareHome } from "../store/filesystem.ts";
import { type Finding, fail } from "./finding.ts";

export interface Mended {
  /** What was done, a sentence each. */
  done: string[];
  /** Why no more was done; undefined when all was. */
  stopped: Finding | undefined;
}

/** Makes `home` where there is none, closes it to others, and has `reap` end what a dead supervisor left. */
export async function mend(home: string, reap: () => Promise<unknown>): Promise<Mended> {
  const done: string[] = [];
  try {
    const isThere = existsSync(home);
    const wasOpen = prepareHome(home);
    if (!isThere) done.push(`made ${home}`);
    else if (wasOpen) done.push(`closed ${home} to other users`);
    // Without a database there is nothing to end, and none is made for that.
    if (existsSync(join(home, busFile.name)) && (await reap()) !== undefined)
      done.push("ended what a dead supervisor had left");
    return { done, stopped: undefined };
  } catch (error) {
    // Whoever cannot be mended is examined all the same.
    if (!isSkepError(error)) throw error;
    const stopped = fail("fix", error.message, error.hint ?? "See what else is amiss below.");
    return { done, stopped };
  }
}
