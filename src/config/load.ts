// The settings of a home: the defaults, changed by `skep.toml`, changed by SKEP_<SECTION>_<KEY>.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { SkepError } from "../core/errors.ts";
import { type Settings, defaults } from "./settings.ts";

/**
 * The settings that hold for `home`; the defaults when it has no `skep.toml` and `variables` (the SKEP_ variables
 * that may be settings) is empty. E_CONFIG, naming the file or variable and the key, for anything that does not fit.
 */
export async function loadSettings(
  home: string,
  variables: Readonly<Record<string, string>>,
): Promise<Settings> {
  const file = join(home, "skep.toml");
  const bytes = readIfThere(file);
  // Most commands run without either; they should not pay for a parser and a schema.
  if (bytes === undefined && Object.keys(variables).length === 0) return defaults;
  const { checkSettings } = await import("./check.ts");
  return checkSettings(bytes === undefined ? undefined : { file, bytes }, variables);
}

function readIfThere(file: string): Uint8Array | undefined {
  try {
    // Asked first, for mostly there is none, and to make an error of that takes longer than all else here.
    if (statSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new SkepError("E_CONFIG", `${file} cannot be read (${code})`, {
      hint: "Make it a file that you may read, or remove it.",
    });
  }
}
