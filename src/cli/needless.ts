// Needless words: what stands on a command line and the verb there has no use for is refused, for whoever wrote it meant something by it.
import { SkepError } from "../core/errors.ts";

/** Refuses what `verb` of `command` does not heed. `given` has the words by what they are called; undefined: left out. E_USAGE for the first that is there. */
export function refuseNeedless(
  command: string,
  verb: string,
  given: Readonly<Record<string, unknown>>,
): void {
  const [needless] = Object.keys(given).filter((word) => given[word] !== undefined);
  if (needless === undefined) return;
  throw new SkepError("E_USAGE", `${needless} does not go with ${command} ${verb}`, {
    hint: `skep help ${command}`,
  });
}
