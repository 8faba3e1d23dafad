// Puts a file of settings into a home that has none.
import { closeSync, constants, fchmodSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { SkepError } from "../core/errors.ts";
import { readSettingsFile } from "./load.ts";
import { settingsText } from "./settings-text.ts";

const heading = `# The settings of this home. Every line is a remark and shows what holds without it: take the # away to change it.
# What holds and why: skep config show. All about one: skep config explain bus.lease. After a change: skep config check.

`;

/** Writes `skep.toml` into `home`, with all settings as remarks: its path, or undefined where there is a file of settings already. E_CONFIG when it cannot be written. */
export function writeSettingsFile(home: string): string | undefined {
  if (readSettingsFile(home) !== undefined) return undefined;
  const path = join(home, "skep.toml");
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  try {
    const file = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    // The umask may have taken bits away that its owner needs.
    fchmodSync(file, 0o600);
    writeSync(file, heading + settingsText({ remarks: true }));
    closeSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Somebody was quicker.
    if (code === "EEXIST") return undefined;
    throw new SkepError("E_CONFIG", `${path} cannot be written (${code})`, {
      hint: "The home is made all the same, and works without it.",
    });
  }
  return path;
}
