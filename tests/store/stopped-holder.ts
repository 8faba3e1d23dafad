// A process that has the lock and does not let go, and the crowd that gathers behind it.
import { readFileSync } from "node:fs";
import { processState } from "../../src/core/identity.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import type { Program, programs } from "./start-program.ts";

/** A process, started with `start`, that stopped itself in the middle of a write. */
export async function stoppedHolder(
  start: ReturnType<typeof programs>,
  home: string,
): Promise<Program> {
  const holder = start("stop-while-writing.ts", [home]);
  await holder.says("holding");
  await waitUntil("it is stopped", () => processState(holder.pid)?.state === "T");
  return holder;
}

/** How many processes the table of locks shows waiting for the queue's lock. */
export function waitersOn(inode: number): number {
  const lines = readFileSync("/proc/locks", "utf8").split("\n");
  return lines.filter((line) => line.includes("-> FLOCK") && line.includes(`:${inode} `)).length;
}
