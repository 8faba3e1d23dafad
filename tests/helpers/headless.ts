// A process whose first thread has ended, while others of it go on.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { waitUntil } from "./wait-until.ts";

/** What starts such a process, with a child. It says the child's id before its first thread ends. */
export const headless = [
  process.execPath,
  join(import.meta.dirname, "..", "fixtures", "core", "headless.ts"),
];

/** Resolves when the first thread of `pid` has ended. */
export async function untilHeadless(pid: number): Promise<void> {
  await waitUntil("its first thread has ended", () =>
    readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z "),
  );
}
