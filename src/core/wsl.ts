// Windows Subsystem for Linux: a virtual machine that Windows may stop.
import { readFileSync } from "node:fs";

/** Whether this is such a machine, by what its kernel calls itself. */
export function isWsl(version = kernelVersion()): boolean {
  return /microsoft/i.test(version);
}

function kernelVersion(): string {
  try {
    return readFileSync("/proc/version", "utf8");
  } catch {
    return "";
  }
}
