// The real executable, for tests that run it as people do.
import { buildIfStale, executablePath } from "../../bin/build.ts";

let built: Promise<string> | undefined;

/** The path of `dist/skep`, built first when it is missing or older than its sources; rejects when it does not build. */
export function skepExecutable(): Promise<string> {
  built ??= buildIfStale().then(() => executablePath);
  return built;
}
