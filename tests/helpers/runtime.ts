// How this runtime is told to run a program of the tests, which imports the migrations as texts.
import { join } from "node:path";

/** The words between the runtime's own path and that of a program. */
export const runtimeWords: readonly string[] = wordsFor(process.versions);

function wordsFor({ bun, deno }: NodeJS.ProcessVersions & { deno?: string }): string[] {
  if (bun !== undefined) return [];
  if (deno !== undefined) return ["run", "-A", "--unstable-raw-imports", "--no-check"];
  const hooks = join(import.meta.dirname, "text-imports.ts");
  return ["--disable-warning=ExperimentalWarning", "--import", hooks];
}
