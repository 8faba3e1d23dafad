// Where a home may lie: a local file system of this machine, in a directory that is ours alone.
import {
  constants,
  chmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  realpathSync,
  statfsSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { SkepError } from "../core/errors.ts";

/**
 * Makes sure that `home` is a directory of ours, mode 0700, on a file system that keeps SQLite's locks; creates it
 * when missing. E_HOME for a symlink, a file, or a directory of somebody else; E_FILESYSTEM for a network or
 * foreign file system.
 */
export function prepareHome(home: string): void {
  const kind = unsupportedFilesystem(home);
  if (kind !== undefined)
    throw new SkepError(
      "E_FILESYSTEM",
      `${home} lies on ${kind}, where SQLite's locks cannot be trusted`,
      {
        hint: "Name a home on a local disk: --home ~/.local/state/skep/my-swarm, or SKEP_HOME.",
      },
    );
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw homeFault(home, error);
  }
  const found = lstatSync(home);
  if (found.isSymbolicLink())
    throw new SkepError("E_HOME", `${home} is a symbolic link`, {
      hint: "Name the directory it points to.",
    });
  if (!found.isDirectory())
    throw new SkepError("E_HOME", `${home} is not a directory`, {
      hint: "Name a directory with --home.",
    });
  if (process.getuid !== undefined && found.uid !== process.getuid())
    throw new SkepError("E_HOME", `${home} belongs to another user`, {
      hint: "Name a directory of your own with --home.",
    });
  // A umask may have taken away what mkdir was asked for, and an older directory may be open to others.
  if ((found.mode & 0o777) !== 0o700) chmodSync(home, 0o700);
}

/** Creates the file at `path` with mode 0600 when it is missing. E_HOME for a symlink or another user's file. */
export function prepareFile(path: string): void {
  try {
    closeSync(
      openSync(
        path,
        constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
        0o600,
      ),
    );
    // The umask may have taken bits away that its owner needs.
    chmodSync(path, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw homeFault(path, error);
  }
  const found = lstatSync(path);
  if (
    !found.isFile() ||
    found.nlink > 1 ||
    (process.getuid !== undefined && found.uid !== process.getuid())
  )
    throw new SkepError("E_HOME", `${path} is a link or belongs to another user`, {
      hint: "Remove it, or name another home with --home.",
    });
}

/** What kind of network or foreign file system `path` (or its nearest existing parent) lies on; undefined when it is fit. */
export function unsupportedFilesystem(path: string): string | undefined {
  const place = nearestExisting(resolve(path));
  return kindByMagic.get(statfsSync(place).type) ?? kindByMount(readMounts(), realpathSync(place));
}

/** The unfit kind that the text of `/proc/self/mountinfo` names for `path`, or undefined. */
export function kindByMount(mountinfo: string, path: string): string | undefined {
  let bestLength = -1;
  let type = "";
  for (const line of mountinfo.split("\n")) {
    const [before, after] = line.split(" - ");
    const point = before
      ?.split(" ")[4]
      ?.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
    if (point === undefined || after === undefined) continue;
    const inside = path === point || path.startsWith(point.endsWith("/") ? point : `${point}/`);
    // Later lines cover earlier ones at the same place.
    if (inside && point.length >= bestLength)
      [bestLength, type] = [point.length, after.split(" ")[0]!];
  }
  return unfitTypes.find((unfit) => type === unfit || type.startsWith(`${unfit}.`));
}

// statfs(2)'s numbers; statfs can lie about 9p under WSL, so the mount table is asked as well.
const kindByMagic = new Map([
  [0x01021997, "9p"],
  [0x6969, "nfs"],
  [0x517b, "smb"],
  [0xff534d42, "cifs"],
  [0xfe534d42, "smb"],
  [0x65735546, "fuse"],
]);

const unfitTypes = [
  "9p",
  "drvfs",
  "nfs",
  "nfs4",
  "cifs",
  "smb3",
  "smbfs",
  "fuse",
  "fuseblk",
  "virtiofs",
];

function readMounts(): string {
  try {
    return readFileSync("/proc/self/mountinfo", "utf8");
  } catch {
    return "";
  }
}

function nearestExisting(path: string): string {
  for (let place = path; ; place = dirname(place)) {
    if (lstatSync(place, { throwIfNoEntry: false }) !== undefined || place === dirname(place))
      return place;
  }
}

function homeFault(path: string, error: unknown): SkepError {
  const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
  const readonly = code === "EROFS" || code === "EACCES" || code === "EPERM";
  if (code === "ENOSPC" || code === "EDQUOT")
    return new SkepError("E_DISK", `${path} cannot be created: the disk is full (${code})`, {
      hint: "Free some space and try again.",
    });
  return new SkepError(readonly ? "E_READONLY" : "E_HOME", `${path} cannot be created (${code})`, {
    hint: "Name a directory that you may write to with --home.",
    cause: error,
  });
}
