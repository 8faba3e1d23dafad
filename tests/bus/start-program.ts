// The programs of tests/fixtures/bus as processes, with what they have said so far.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after } from "node:test";
import { runtimeWords } from "../helpers/runtime.ts";
import { waitUntil } from "../helpers/wait-until.ts";

export interface Program {
  /** What it has said, a value to the line. */
  said(): unknown[];
  /** Resolves once it has said so many things. */
  hasSaid(count: number): Promise<void>;
  /** Closes its stdin. */
  go(): void;
  kill(): Promise<void>;
  /** All that it said, once it has ended. */
  ended(): Promise<unknown[]>;
}

/** A function that starts a program. To be called where tests are declared: whatever still runs when they are done is killed. */
export function programs(): (name: string, ...args: (string | number)[]) => Program {
  const children: ChildProcess[] = [];
  after(() => {
    for (const child of children) child.kill("SIGKILL");
  });
  return (name, ...args) => {
    const path = join(import.meta.dirname, "..", "fixtures", "bus", name);
    const child = spawn(process.execPath, [...runtimeWords, path, ...args.map(String)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    children.push(child);
    let text = "";
    child.stdout.on("data", (chunk) => (text += String(chunk)));
    const closed = once(child, "close");
    // A line that is not finished yet is none.
    const said = () =>
      text
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as unknown);
    return {
      said,
      hasSaid: async (count) =>
        void (await waitUntil(`${name} has said ${count}`, () => said().length >= count)),
      go: () => void child.stdin.end(),
      async kill() {
        child.kill("SIGKILL");
        await closed;
      },
      async ended() {
        await closed;
        return said();
      },
    };
  };
}
