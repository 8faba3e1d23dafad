// A history of commits that are all in the log of a home that nobody has open.
import { join } from "node:path";

/** What was so after a commit; the first one is what lay in the database before. */
export interface Commit {
  logBytes: number;
  /** The number of the newest delivery. */
  newest: number;
  /** A digest of all that the database says. */
  state: string;
}

/** Makes one of so many commits in `home`, in a process that is killed at its end. */
export async function makeHistory(
  home: string,
  mode: "process" | "power",
  commits: number,
): Promise<Commit[]> {
  const program = join(import.meta.dir, "write-history.ts");
  const child = Bun.spawn([process.execPath, program, home, mode, String(commits)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines = (await child.stdout.text()).trim().split("\n");
  await child.exited;
  const history = lines.map((line) => JSON.parse(line) as Commit);
  if (child.signalCode !== "SIGKILL" || history.length !== commits + 1)
    throw new Error(`the history ends with ${child.signalCode ?? child.exitCode}`);
  return history;
}
