// Homes that do not exist yet, for a store to be made in.
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { after } from "node:test";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A function that answers the path of a new home each time, in a directory of its own, below `parent`. To be called
 * where tests are declared: all of it is removed when they are done, under every test runner.
 */
export function tempHomes(parent = tmpdir()): () => string {
  const made: string[] = [];
  after(() => {
    for (const path of made) rmSync(path, { recursive: true, force: true });
  });
  return () => {
    const path = realpathSync(mkdtempSync(join(parent, "skep-home-")));
    made.push(path);
    return join(path, "home");
  };
}
