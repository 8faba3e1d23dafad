// Directories that a test may fill as it likes.
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made: string[] = [];

/** A new empty directory, removed with all that is in it when the test process ends. */
export function tempDir(): string {
  if (made.length === 0)
    process.once("exit", () => {
      for (const path of made) rmSync(path, { recursive: true, force: true });
    });
  const path = realpathSync(mkdtempSync(join(tmpdir(), "skep-test-")));
  made.push(path);
  return path;
}
