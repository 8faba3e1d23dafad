// A process with all below it, and what they have taken.
import { readFileSync, readdirSync } from "node:fs";
import { processState } from "../src/core/identity.ts";

/** The ids of `root` and of all processes below it, as far as they are there now. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const pid of readdirSync("/proc").map(Number).filter(Number.isInteger)) {
    const parent = processState(pid)?.parent;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const below = (pid: number): number[] => [pid, ...(children.get(pid) ?? []).flatMap(below)];
  return below(root);
}

/** Processor time that `root` and all below it have had: of each thread to the nanosecond, for the kernel's ticks are too coarse for short runs. */
export function treeCpuMs(root: number): number {
  let ns = 0;
  for (const pid of processTree(root))
    for (const thread of tried(() => readdirSync(`/proc/${pid}/task`)) ?? [])
      ns += Number(textOf(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[0]);
  return ns / 1e6;
}

/** The text of a file in /proc; empty when the process has ended meanwhile. */
export function textOf(path: string): string {
  return tried(() => readFileSync(path, "utf8")) ?? "";
}

function tried<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
