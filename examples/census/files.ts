// Which files a census counts. The planner and the checker both walk the tree, each for itself.
import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

export interface Tree {
  /** Relative to the directory, each beginning with "./", in the order of the walk. */
  files: string[];
  /** What would have been counted or entered, but cannot be read or cannot be named in a line of text. */
  skipped: string[];
}

const counted = /\.(ts|js|mjs|cjs|json|md)$/;
const passedBy = new Set([".git", ".skep"]);
// A message names a file in one line that a shell script takes apart with `sed`. The last of these stands for
// bytes that are not UTF-8.
// oxlint-disable-next-line no-control-regex
const unspeakable = /[\u0000-\u001f\u007f"\\\ufffd]/;

/** The files of a census of `directory`, without `.git`, `.skep` and the home; symbolic links are not followed. */
export function listFiles(directory: string, home: string): Tree {
  const tree: Tree = { files: [], skipped: [] };
  walk(directory, ".");
  return tree;

  function walk(place: string, name: string): void {
    const entries = readdirSync(place, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(place, entry.name);
      const entryName = `${name}/${entry.name}`;
      const enters = entry.isDirectory() && !passedBy.has(entry.name) && path !== home;
      if (!enters && !(entry.isFile() && counted.test(entry.name))) continue;
      if (unspeakable.test(entry.name) || !isReadable(path)) tree.skipped.push(entryName);
      else if (enters) walk(path, entryName);
      else tree.files.push(entryName);
    }
  }
}

/** Those of `files` that were written, renamed or removed since `sinceMs`, and so have no one right count. */
export function changedFiles(directory: string, files: string[], sinceMs: number): string[] {
  return files.filter((file) => {
    const stat = statSync(join(directory, file), { throwIfNoEntry: false });
    return stat === undefined || stat.ctimeMs >= sinceMs;
  });
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
