// Which home a command means. Finding it creates nothing.
import { statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { SkepError } from "../core/errors.ts";

export interface Home {
  path: string;
  /** Whether it was named by `--home` or SKEP_HOME, and so may be created by any command. */
  explicit: boolean;
  /** What to tell the person once: that the home is made at another place than expected. */
  note: string | undefined;
}

export interface HomeQuestion {
  /** What `--home` says. */
  flag: string | undefined;
  /** What SKEP_HOME says. */
  variable: string | undefined;
  /** The current directory. */
  cwd: string;
  /** The home directory of the user. */
  userHome: string;
  /**
   * Whether the command makes a home where none is found, as `up` does; "here" when it makes one in the current
   * directory whatever lies above, as `init` does.
   */
  create: boolean | "here";
  /** The kind of unfit file system that a path lies on, or undefined when it is fit. */
  unsupported: (path: string) => string | undefined;
}

/**
 * The home named by `--home` or SKEP_HOME, else the nearest `.skep/` upwards, else `./.skep`. One that nobody named
 * and that lies on an unfit file system moves to `~/.local/state/skep`. E_NOT_FOUND when there is none and none is
 * to be made; E_USAGE when it is named with nothing.
 */
export function findHome(question: HomeQuestion): Home {
  const { flag, variable, cwd, create } = question;
  if (flag === "")
    throw new SkepError("E_USAGE", "--home names no directory", {
      hint: "Write --home DIR.",
    });
  const named = flag ?? variable;
  if (named !== undefined) return { path: resolve(cwd, named), explicit: true, note: undefined };
  const { path, unfit } = impliedHome(question);
  const exists = isDirectory(path);
  if (!exists && !create)
    throw new SkepError("E_NOT_FOUND", `there is no .skep directory in ${cwd} or above it`, {
      hint: "Make one with `skep init`, or name a home with --home DIR.",
    });
  return { path, explicit: false, note: exists || !unfit ? undefined : movedNote(unfit, path) };
}

/** Where the home of `directory` lies when it cannot lie in it: a readable name, and a hash that tells namesakes apart. */
export function movedHome(directory: string, userHome: string): string {
  const name = basename(directory)
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 55);
  return join(userHome, ".local", "state", "skep", `${name || "swarm"}-${hash(directory)}`);
}

function impliedHome({ cwd, userHome, create, unsupported }: HomeQuestion) {
  // Asked once, and only when the home is not simply here: it reads the table of mounts.
  let unfitHere: string | undefined | null = null;
  for (let directory = cwd; ; directory = dirname(directory)) {
    const path = join(directory, ".skep");
    const moved = movedHome(directory, userHome);
    if (isDirectory(path)) {
      const unfit = unsupported(path);
      return { path: unfit === undefined ? path : moved, unfit };
    }
    if (unfitHere === null) unfitHere = unsupported(cwd);
    if (unfitHere !== undefined && isDirectory(moved)) return { path: moved, unfit: unfitHere };
    if (directory === dirname(directory) || create === "here") break;
  }
  const path = unfitHere === undefined ? join(cwd, ".skep") : movedHome(cwd, userHome);
  return { path, unfit: unfitHere };
}

function movedNote(unfit: string, path: string): string {
  return `this directory lies on ${unfit}, where SQLite's locks cannot be trusted; the home is ${path}`;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Missing, or out of our sight, which comes to the same.
    return false;
  }
}

// FNV-1a, 32 bits: it only has to tell the directories of one user apart, and needs no library.
function hash(text: string): string {
  let sum = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) sum = Math.imul(sum ^ byte, 0x01000193);
  return (sum >>> 0).toString(16).padStart(8, "0");
}
