// What a process has open, as the kernel shows it.
import { readdirSync, readlinkSync } from "node:fs";

/** Whether the process `pid` has a file of that directory open. */
export function holdsFileOf(pid: number, directory: string): boolean {
  return readdirSync(`/proc/${pid}/fd`).some((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith(directory);
    } catch {
      // It was closed meanwhile.
      return false;
    }
  });
}
