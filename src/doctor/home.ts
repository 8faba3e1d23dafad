// Whether the home is ours, and ours alone.
import { lstatSync } from "node:fs";
import type { SkepError } from "../core/errors.ts";
import { homeFault, isOpen } from "../store/filesystem.ts";
import { type Finding, fail, pass, warn } from "./finding.ts";

/** Looks at `home`, there or not, and changes nothing. */
export function checkHome(home: string): Finding {
  const found = lstatSync(home, { throwIfNoEntry: false });
  return judgeHome(home, {
    fault: homeFault(home),
    mode: found === undefined ? undefined : found.mode & 0o777,
    isOpen: isOpen(home),
  });
}

/** What is seen of a home from outside. */
export interface Outside {
  /** Why no command would open it. */
  fault: SkepError | undefined;
  /** Its permissions; undefined where there is none yet. */
  mode: number | undefined;
  /** Whether others than its owner get in. */
  isOpen: boolean;
}

/** A home at `home` that looks like that. */
export function judgeHome(home: string, { fault, mode, isOpen }: Outside): Finding {
  // What it lies on has a line of its own.
  if (fault !== undefined && fault.code !== "E_FILESYSTEM")
    return fail("home", fault.message, fault.hint ?? "Name another home with --home.");
  if (mode === undefined) return pass("home", `${home} is not there yet`);
  if (!isOpen) return pass("home", `${home} is yours alone`);
  const text = mode.toString(8).padStart(4, "0");
  const may = (mode & 0o022) === 0 ? "get into it" : "change what is in it";
  return warn(
    "home",
    `${home} is open to other users (mode ${text}): they may ${may}`,
    `skep doctor --fix closes it, as every command does that opens it: chmod 700 ${home}`,
  );
}
