// Where a home may lie: a local file system of this machine, in a directory that is ours alone.
import {
  type Stats,
  accessSync,
  constants,
  chmodSync,
  closeSync,
  existsSync,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  realpathSync,
  statfsSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { SkepError } from "../core/errors.ts";
import { fileFault } from "./faults.ts";
import { typeByMount } from "./mounts.ts";

/** How what is there already is treated. */
export interface Care {
  /** Whether it stays open to other users where it is: for whoever only looks. */
  keepModes?: boolean | undefined;
}

/**
 * Makes sure that `home` is a directory of ours, mode 0700, on a file system that keeps SQLite's locks; creates it
 * when missing. Whether it was open to other users, and had to be closed to them. E_HOME for a symlink, a file, a
 * directory of somebody else or one that serves another purpose; E_FILESYSTEM for a network or foreign file system;
 * E_READONLY and E_DISK where it cannot be created.
 */
export function prepareHome(home: string, { keepModes = false }: Care = {}): boolean {
  // With a slash at its end a link would be followed.
  const place = resolve(home);
  try {
    const before = lstatSync(place, { throwIfNoEntry: false });
    if (before !== undefined) checkDirectory(place, before);
    checkFilesystem(place);
    const created = mkdirSync(place, { recursive: true, mode: 0o700 }) !== undefined;
    // Somebody may have been quicker.
    const found = lstatSync(place);
    checkDirectory(place, found);
    if (created) chmodSync(place, 0o700);
    if (created || !isOpenToOthers(found)) return false;
    checkOurs(place);
    if (keepModes) return false;
    chmodSync(place, found.mode & 0o700);
    return true;
  } catch (error) {
    throw fileFault(error, place);
  }
}

/** What `prepareHome` would throw, as far as can be told without making anything; undefined when the home will do. */
export function homeFault(home: string): SkepError | undefined {
  const place = resolve(home);
  try {
    const found = lstatSync(place, { throwIfNoEntry: false });
    if (found !== undefined) {
      checkDirectory(place, found);
      if (isOpenToOthers(found)) checkOurs(place);
    }
    checkFilesystem(place);
    accessSync(nearestExisting(place), constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return fileFault(error, place);
  }
}

/** Whether users besides its owner may enter, read or change the directory or file at `path`; not when there is none. */
export function isOpen(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && isOpenToOthers(found);
}

/** How many bytes are free for us where `path` lies, or will lie. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(nearestExisting(resolve(path)));
  return bavail * bsize;
}

/** The file at `path`, created with mode 0600 when it is missing, and closed to other users. E_HOME for a link or another user's file, E_READONLY and E_DISK where it cannot be created. */
export function prepareFile(path: string, { keepModes = false }: Care = {}): Stats {
  try {
    let found = lstatSync(path, { throwIfNoEntry: false });
    while (found === undefined) {
      createFile(path);
      // Somebody may have been quicker, or taken it away again.
      found = lstatSync(path, { throwIfNoEntry: false });
    }
    checkFile(path, found);
    if (isOpenToOthers(found) && !keepModes) chmodSync(path, found.mode & 0o700);
    return found;
  } catch (error) {
    throw fileFault(error, path);
  }
}

/** What kind of network or foreign file system `path` (or its nearest existing parent) lies on; undefined when it is fit. */
export function unsupportedFilesystem(path: string): string | undefined {
  const place = nearestExisting(resolve(path));
  const magic = statfsSync(place).type;
  // The table of mounts takes a command 1 ms, and says no more of these.
  if (localMagics.has(magic)) return undefined;
  return kindByMagic.get(magic) ?? kindByMount(readMounts(), realpathSync(place));
}

/** The unfit kind that the text of `/proc/self/mountinfo` names for `path`, or undefined. */
export function kindByMount(mountinfo: string, path: string): string | undefined {
  const type = typeByMount(mountinfo, path);
  return unfitTypes.find((unfit) => type === unfit || type?.startsWith(`${unfit}.`));
}

// statfs(2)'s numbers for ext2 to ext4, XFS, Btrfs and tmpfs, which nothing else goes by.
const localMagics = new Set([0xef53, 0x58465342, 0x9123683e, 0x01021994]);

// It can lie about 9p under WSL, so the mount table is asked as well.
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

function checkFilesystem(place: string): void {
  const kind = unsupportedFilesystem(place);
  if (kind === undefined) return;
  throw new SkepError(
    "E_FILESYSTEM",
    `${place} lies on ${kind}, where SQLite's locks cannot be trusted`,
    { hint: "Name a home on a local disk: --home ~/.local/state/skep/my-swarm, or SKEP_HOME." },
  );
}

function checkDirectory(place: string, found: Stats): void {
  if (found.isSymbolicLink())
    throw new SkepError("E_HOME", `${place} is a symbolic link`, {
      hint: "Name the directory it points to.",
    });
  if (!found.isDirectory())
    throw new SkepError("E_HOME", `${place} is not a directory`, {
      hint: "Name a directory with --home.",
    });
  if (!isOwn(found)) throw foreign(place, place, found);
}

const settingsFile = /^skep\.(toml|ya?ml|json)$/;

// An older home may be open to others. But `--home /tmp` must not take /tmp from everybody else.
function checkOurs(place: string): void {
  const names = readdirSync(place);
  const ours =
    names.length === 0 || names.includes("bus.db") || names.some((name) => settingsFile.test(name));
  if (!ours)
    throw new SkepError("E_HOME", `${place} is open to other users and holds something else`, {
      hint: `Name a directory of its own, such as ${resolve(place, "skep")}, or close this one with chmod 700.`,
    });
}

function createFile(path: string): void {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  let fd: number;
  try {
    fd = openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    throw error;
  }
  try {
    // The umask may have taken bits away that its owner needs.
    fchmodSync(fd, 0o600);
  } finally {
    closeSync(fd);
  }
}

function checkFile(path: string, found: Stats): void {
  if (!found.isFile() || found.nlink > 1)
    throw new SkepError("E_HOME", `${path} is a link, or no plain file`, {
      hint: "Move it away, or name another home with --home.",
    });
  if (!isOwn(found)) throw foreign(path, dirname(path), found);
}

function foreign(path: string, home: string, { uid }: Stats): SkepError {
  const own = process.getuid?.();
  return new SkepError(
    "E_HOME",
    `${path} belongs to another user (uid ${uid}, and you are ${own})`,
    {
      hint: `Run skep as that user, name a home of your own with --home, or make it yours: sudo chown -R ${own} ${home}`,
    },
  );
}

function isOwn(found: Stats): boolean {
  return process.getuid === undefined || found.uid === process.getuid();
}

function isOpenToOthers(found: Stats): boolean {
  return process.getuid !== undefined && (found.mode & 0o077) !== 0;
}

function readMounts(): string {
  try {
    return readFileSync("/proc/self/mountinfo", "utf8");
  } catch {
    return "";
  }
}

/** `path`, or the nearest directory above it that exists. */
export function nearestExisting(path: string): string {
  for (let place = path; ; place = dirname(place)) {
    if (existsSync(place) || place === dirname(place)) return place;
  }
}
