// The real executable, for tests that run it as people do, and the bundle for other runtimes.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildIfStale, bundlePath, executablePath } from "../../bin/build.ts";

let built: Promise<unknown> | undefined;

/** The path of `dist/skep`, built first when it is missing or older than its sources; rejects when it does not build. */
export function skepExecutable(): Promise<string> {
  built ??= buildIfStale();
  return built.then(() => executablePath);
}

/** The path of `dist/skep.mjs`, built like `dist/skep`. */
export function skepBundle(): Promise<string> {
  return skepExecutable().then(() => bundlePath);
}

/** What runs a script under Node or Deno, of the versions that package.json names; undefined where they are not installed. */
export function runtimeCommand(runtime: "node" | "deno"): string[] | undefined {
  const program = join(import.meta.dir, "..", "..", "node_modules", ".bin", runtime);
  if (!existsSync(program)) return undefined;
  return runtime === "node" ? [program] : [program, "run", "--allow-all"];
}
