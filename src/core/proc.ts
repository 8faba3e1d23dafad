// Looking into /proc, also when no more files can be opened: whoever cannot look sees nobody there, and would take the
// living for dead.
import { closeSync, openSync, readFileSync, readdirSync } from "node:fs";

let aside: number | undefined;

/** Sets a file aside, which is given up for as long as a look takes when there is no other. For processes that others rely on. */
export function setFileAside(): void {
  try {
    aside ??= openSync("/dev/null", "r");
  } catch {
    // There is none to be had, and so none to be given up.
  }
}

/** The text of `/proc/<path>`, each byte a character. Throws what the system says: mostly that there is no such process any more. */
export function readProc(path: string): string {
  return look(() => readFileSync(`/proc/${path}`, "latin1"));
}

/** The ids of all processes, or of what else has numbers at `/proc/<path>`. Throws where there is nothing. */
export function idsIn(path: string): number[] {
  return look(() => readdirSync(`/proc/${path}`))
    .map(Number)
    .filter(Number.isInteger);
}

function look<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (aside === undefined || (code !== "EMFILE" && code !== "ENFILE")) throw error;
    closeSync(aside);
    aside = undefined;
    try {
      return read();
    } finally {
      setFileAside();
    }
  }
}
