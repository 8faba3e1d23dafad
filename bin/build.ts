// Builds the executable, and the bundle for other runtimes: `bun bin/build.ts [--if-stale]`.
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { openWriterQueue } from "../src/store/writer-queue.ts";

const root = dirname(import.meta.dir);

const dist = join(root, "dist");
const executableIn = (directory: string) => join(directory, "skep");
const bundleIn = (directory: string) => join(directory, "skep.mjs");

/** Where the executable is put. */
export const executablePath = executableIn(dist);

// A folder counts with all that is below it. The lock file stands for Bun itself and the packages.
const sources = ["src", "migrations", "bin", "package.json", "package-lock.json", "tsconfig.json"];

/** Where the bundle is put that Node and Deno run. */
export const bundlePath = bundleIn(dist);

const entry = join(root, "bin", "skep.ts");

/** Builds `dist/skep` and `dist/skep.mjs`; rejects with the bundler's own messages when the sources do not bundle. */
export async function build(into = dist): Promise<void> {
  mkdirSync(into, { recursive: true });
  await inPlace(executableIn(into), compile);
  await inPlace(bundleIn(into), bundle);
}

/**
 * Builds both when one is missing or older than what it is made from: whether it had to. Of several who would at the same time one does:
 * the others would replace what the first has in use.
 */
export async function buildIfStale(into = dist): Promise<boolean> {
  if (!isStale(into)) return false;
  mkdirSync(into, { recursive: true });
  const turn = openWriterQueue(join(into, "build.lock"));
  try {
    await turn.enter(Number.POSITIVE_INFINITY);
    if (!isStale(into)) return false;
    await build(into);
    return true;
  } finally {
    turn.close();
  }
}

function isStale(directory: string): boolean {
  const times = [executableIn(directory), bundleIn(directory)].map(
    (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  const builtAtMs = Math.min(...times);
  return sources.some((source) => changedSince(join(root, source), builtAtMs));
}

/** Has `make` write a file, and renames it when complete: the one before may be running, and two may be building. */
async function inPlace(path: string, make: (unfinished: string) => Promise<void>): Promise<void> {
  const unfinished = `${path}.${process.pid}`;
  try {
    await make(unfinished);
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

async function compile(outfile: string): Promise<void> {
  await Bun.build({
    entrypoints: [entry],
    target: "bun",
    format: "esm",
    minify: true,
    bytecode: true,
    // In one piece, whatever built-in module a lazily loaded part imports is loaded at every start.
    splitting: true,
    // A `.env` or `bunfig.toml` in the directory where skep happens to be called is none of its business.
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
  });
}

async function bundle(outfile: string): Promise<void> {
  const { outputs } = await Bun.build({
    entrypoints: [entry],
    target: "node",
    format: "esm",
    minify: { whitespace: true, syntax: true },
    // It is machine code for one system, and comes from where the bundle is installed.
    external: ["better-sqlite3"],
  });
  const code = (await outputs[0]!.text()).replace(/^#!.*\n/, "");
  writeFileSync(outfile, `#!/usr/bin/env node\n${code}`);
  chmodSync(outfile, 0o755);
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
  if (built) console.error(`skep: built dist/skep and dist/skep.mjs in ${seconds}s`);
}
