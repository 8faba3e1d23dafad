// Ballast: space that is set aside in a file of the home. On a full disk not even a row can be marked as done, so whoever
// finishes work gives the ballast back to the disk, and has that much to finish with. What only adds work does not.
import { closeSync, openSync, rmSync, statSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { isSkepError } from "../core/errors.ts";
import { translateFault } from "./faults.ts";

const fullBytes = 4 * 1024 * 1024;
// On a small disk it is a part of what is free, and not worth the trouble below this.
const shareOfFree = 8;
const leastBytes = 64 * 1024;

const nameOf = (home: string) => join(home, "ballast");

/** Sets space aside in `home` where none is and the disk has plenty: whether there is any now. Never throws. */
export function setAside(home: string): boolean {
  const path = nameOf(home);
  try {
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) return true;
    const { bavail, bsize } = statfsSync(home);
    const bytes = Math.min(fullBytes, Math.floor((bavail * bsize) / shareOfFree));
    if (bytes < leastBytes) return false;
    fill(path, bytes);
    return true;
  } catch {
    // Another one was quicker, or the disk has filled up since.
    return false;
  }
}

/** Does `work`, which changes nothing when it fails; once more, with the space that was set aside in `home`, when it fails because the disk is full. */
export async function withBallast<T>(
  { home, path }: { home: string; path: string },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isSkepError(translateFault(error, path), "E_DISK")) throw error;
    // Where there is none another process may have given it back just now.
    giveBack(home);
    return await work();
  }
}

function giveBack(home: string): void {
  try {
    rmSync(nameOf(home));
  } catch {
    // There is none, or it cannot be had.
  }
}

function fill(path: string, bytes: number): void {
  const fd = openSync(path, "wx", 0o600);
  try {
    // Zeros would take no space on a file system that compresses.
    const block = crypto.getRandomValues(new Uint8Array(64 * 1024));
    for (let left = bytes; left > 0; left -= block.length)
      writeSync(fd, block, 0, Math.min(block.length, left));
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}
