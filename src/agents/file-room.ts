// Room for files: a program is only started while enough files can be opened to see to it, and to all the others.
import { closeSync, openSync } from "node:fs";

// The pipes of one program and what watches it take four, starting it a few more for a moment. The rest is for what has
// to work when nothing more can be started: looking into /proc, the database, the logs.
const filesMin = 16;

/** Throws what the system says (EMFILE, ENFILE) when fewer than 16 files can be opened now. */
export function needFileRoom(): void {
  const files: number[] = [];
  try {
    while (files.length < filesMin) files.push(openSync("/dev/null", "r"));
  } finally {
    for (const file of files) closeSync(file);
  }
}
