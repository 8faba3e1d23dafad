// Files of settings with rules for alerts in them.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "bun:test";
import { loadSettings } from "../../src/config/load.ts";
import type { SkepError } from "../../src/core/errors.ts";
import { tempDir } from "../helpers/temp-dir.ts";

/** A home with a file of settings that has that text. */
export function fileWith(text: string, kind = "toml"): { home: string; file: string } {
  const home = tempDir();
  const file = join(home, `skep.${kind}`);
  writeFileSync(file, text);
  return { home, file };
}

/** The rules that such a file has. */
export async function rulesOf(text: string, kind = "toml") {
  return (await loadSettings(fileWith(text, kind).home)).alertRules;
}

/** What is wrong with a file, without its name, and the hint of each. */
export async function wrongWith(text: string, kind = "toml"): Promise<string[][]> {
  const { home, file } = fileWith(text, kind);
  try {
    await loadSettings(home);
  } catch (error) {
    const { code, mistakes = [] } = error as SkepError;
    expect(code).toBe("E_CONFIG");
    return mistakes.map(({ message, hint }) => [message.replace(file, ""), hint ?? ""]);
  }
  return [];
}
