// Whether anything can be written where a home is to be.
import { closeSync, mkdtempSync, openSync, rmdirSync, unlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import type { SkepError } from "../core/errors.ts";
import { fileFault } from "./faults.ts";
import { nearestExisting } from "./filesystem.ts";

/**
 * Why nothing can be written in `home`, or where it would be made; undefined when it can. Modes do not tell: root may
 * write anywhere, but not to `/proc` or to a mount that is read-only. So it is tried, with a directory and a file that
 * go again.
 */
export function writingFault(home: string): SkepError | undefined {
  const place = resolve(home);
  try {
    const trial = mkdtempSync(join(nearestExisting(place), ".skep-trial-"));
    try {
      const file = join(trial, "file");
      closeSync(openSync(file, "wx", 0o600));
      unlinkSync(file);
    } finally {
      rmdirSync(trial);
    }
    return undefined;
  } catch (error) {
    return fileFault(error, place);
  }
}
