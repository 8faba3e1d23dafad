// The settings of a home: what is usual, changed by the file of the home, by the environment, by flags.
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SkepError } from "../core/errors.ts";
import type { Source } from "./parse.ts";
import type { Choices } from "./resolve.ts";
import { type Settings, defaults } from "./settings.ts";

/** What the file of settings in a home can be called; there may be one of them. */
export const settingsFiles = ["skep.toml", "skep.yaml", "skep.yml", "skep.json"] as const;

/**
 * The settings that hold for `home`; the usual ones when it has no file of settings and nothing was chosen otherwise.
 * E_CONFIG, naming the file or variable and the key, for anything that does not fit. What has no effect is told to `warn`.
 */
export async function loadSettings(
  home: string,
  { variables = {}, places = {}, flags = [] }: Partial<Choices> = {},
  warn: (text: string) => void = () => {},
): Promise<Settings> {
  const source = readSettingsFile(home);
  const isChosen = Object.keys(variables).length > 0 || flags.length > 0;
  // Most commands run without any; they should not pay for a parser and a schema.
  if (!isChosen && (source === undefined || saysNothing(source))) return defaults;
  const { checkSettings } = await import("./check.ts");
  return checkSettings(source, { variables, places, flags }, warn);
}

/** The file of settings in `home`; undefined when there is none. E_CONFIG when it cannot be read, or there are two. */
export function readSettingsFile(home: string): Source | undefined {
  const [first, second] = settingsFiles.map((name) => join(home, name)).filter(isThere);
  if (second !== undefined)
    throw new SkepError("E_CONFIG", `there are settings in ${first} and in ${second}`, {
      hint: "Keep one of the two files.",
    });
  return first === undefined ? undefined : { file: first, bytes: readBytes(first) };
}

function isThere(file: string): boolean {
  try {
    // Mostly there is none, and to make an error of that takes longer than all else here. A link to nowhere is there.
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return false;
    throw unreadable(file, error);
  }
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): SkepError {
  const { code } = error as NodeJS.ErrnoException;
  const why =
    code === "ENOENT" ? "is a link to a file that is not there" : `cannot be read (${code})`;
  return new SkepError("E_CONFIG", `${file} ${why}`, {
    hint: "Make it a file that you may read, or remove it.",
  });
}

const [newline, hash] = [0x0a, 0x23];

/** Whether every line is a remark or has nothing in it, as in the file that `skep init` writes. */
function saysNothing({ file, bytes }: Source): boolean {
  if (!file.endsWith(".toml")) return false;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== newline && bytes[at] !== hash) return false;
    at = bytes.indexOf(newline, at);
    if (at < 0) return true;
  }
  return true;
}
