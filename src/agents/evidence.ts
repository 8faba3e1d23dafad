// Evidence: the end of an agent's log, kept before the next start writes over what went wrong.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { logPath } from "./log.ts";

const linesMax = 20;
const bytesMax = 8_000;

/** The last 20 lines that the programs of `name` wrote, of which at most 8,000 bytes are kept; null when there are none. */
export function readEvidence(home: string, name: string): string | null {
  let fd: number;
  try {
    fd = openSync(logPath(home, name), "r");
  } catch {
    return null;
  }
  try {
    const { size } = fstatSync(fd);
    const bytes = Buffer.alloc(Math.min(size, bytesMax));
    const read = readSync(fd, bytes, 0, bytes.length, size - bytes.length);
    const lines = bytes.subarray(0, read).toString("utf8").trimEnd().split("\n");
    // The first may be the end of a line only.
    const whole = size > bytesMax && lines.length > 1 ? lines.slice(1) : lines;
    return whole.slice(-linesMax).join("\n") || null;
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}
