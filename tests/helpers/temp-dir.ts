// Directories that a test may fill as it likes.
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made: string[] = [];

/** A new empty directory, removed with all that is in it when the tests have ended. */
export function tempDir(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "skep-test-")));
  made.push(path);
  return path;
}

/** Removes every directory that `tempDir` made in this process. */
export function removeTempDirs(): void {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
}
