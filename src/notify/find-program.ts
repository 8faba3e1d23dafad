// Where a program is that is named with a path, or has to be looked for.
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, resolve } from "node:path";

/** The path of `program`, which is relative to `directory` when it has a slash in it, and is looked for on `searchPath` when it has none. Undefined when there is none that may be executed. */
export function findProgram(
  program: string,
  { directory, searchPath }: { directory: string; searchPath: string },
): string | undefined {
  const places = program.includes("/") ? [directory] : searchPath.split(delimiter);
  return places.map((place) => resolve(directory, place, program)).find(mayRun);
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
