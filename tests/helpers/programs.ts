// Programs of the system that only some tests want. `.ci/set-up` installs them; nobody else has to.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * Whether one of `programs` is not on PATH: what a test that runs it is skipped for. With `bun:test`
 * `test.skipIf(lacks("sqlite3"))(title, ...)`, with `node:test` `test(title, { skip: lacks("sqlite3") }, ...)`.
 */
export function lacks(...programs: string[]): boolean {
  return !programs.every(isOnPath);
}

function isOnPath(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
