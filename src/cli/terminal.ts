// Whether a person sits at the other end.
import { fstatSync } from "node:fs";

/** Whether the file descriptor `fd` is a terminal. */
export async function isTerminal(fd: number): Promise<boolean> {
  // Loading node:tty takes 3 ms, and a pipe or a file is known without it.
  if (!fstatSync(fd).isCharacterDevice()) return false;
  return (await import("node:tty")).isatty(fd);
}
