// Builds the executable: `bun bin/build.ts [--if-stale]`.
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

const root = dirname(import.meta.dir);

/** Where the executable is put. */
export const executablePath = join(root, "dist", "skep");

// A folder counts with all that is below it. The lock file stands for Bun itself and the packages.
const sources = ["src", "migrations", "bin", "package.json", "package-lock.json", "tsconfig.json"];

/** Builds `dist/skep`; rejects with the bundler's own messages when the sources do not bundle. */
export async function build(): Promise<void> {
  // Renamed into place when complete: the one before may be running, and two may be building.
  const unfinished = `${executablePath}.${process.pid}`;
  mkdirSync(dirname(executablePath), { recursive: true });
  try {
    await Bun.build({
      entrypoints: [join(root, "bin", "skep.ts")],
      target: "bun",
      format: "esm",
      minify: true,
      bytecode: true,
      // In one piece, whatever built-in module a lazily loaded part imports is loaded at every start.
      splitting: true,
      // A `.env` or `bunfig.toml` in the directory where skep happens to be called is none of its business.
      compile: { outfile: unfinished, autoloadDotenv: false, autoloadBunfig: false },
    });
    renameSync(unfinished, executablePath);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** Builds `dist/skep` when it is missing or older than what it is made from: whether it had to. */
export async function buildIfStale(): Promise<boolean> {
  const builtAtMs = statSync(executablePath, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (!sources.some((source) => changedSince(join(root, source), builtAtMs))) return false;
  await build();
  return true;
}

function changedSince(path: string, timeMs: number): boolean {
  const stat = statSync(path);
  if (stat.mtimeMs > timeMs) return true;
  return (
    stat.isDirectory() && readdirSync(path).some((name) => changedSince(join(path, name), timeMs))
  );
}

if (import.meta.main) {
  const start = performance.now();
  const built = process.argv.includes("--if-stale") ? await buildIfStale() : (await build(), true);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (built) console.error(`skep: built dist/skep in ${seconds}s`);
}
