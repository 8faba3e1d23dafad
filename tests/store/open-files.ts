// Which files this process has open.
import { readdirSync, readlinkSync } from "node:fs";

/**
 * The descriptors of this process that lead to something below `directory`. How many it has in all says nothing: what
 * other tests have left behind is closed whenever the runtime comes to it.
 */
export function openFilesIn(directory: string): string[] {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(`${directory}/`);
    } catch {
      return false;
    }
  });
}
