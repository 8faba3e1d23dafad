// The refusal to go on where messages that were accepted are missing.
import { basename, dirname } from "node:path";
import { SkepError } from "../core/errors.ts";

/** E_LOSS, with what to do when the database at `path` has lost what was accepted. */
export function lossFault(message: string, path: string): SkepError {
  const name = basename(path);
  return new SkepError("E_LOSS", message, {
    hint: `Put ${name} and ${name}-wal in ${dirname(path)} back as they were; keep a copy of what is there first. To go on without what is missing, add --accept-loss to the command.`,
  });
}
