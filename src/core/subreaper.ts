// Orphans: a process that has itself made the parent of all whose own parent dies, and takes them off the kernel's hands.
// Linux alone can do that, and only where the C library can be called.
import { readFileSync, readdirSync } from "node:fs";
import { type ProcessState, processState } from "./identity.ts";

const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;

export interface Subreaper {
  /**
   * Takes the exit status of those that were left to us and have ended; not of our `own` children, nor of any that had not
   * ended at the last call, for somebody in this process may be about to ask for theirs.
   */
  reap(own: ReadonlySet<number>): void;
}

/** Has this process become the parent of orphans below it; undefined where that cannot be had. */
export function becomeSubreaper(): Subreaper | undefined {
  if (process.platform !== "linux") return undefined;
  const calls = openCalls();
  if (calls === undefined || calls.prctl(PR_SET_CHILD_SUBREAPER, 1n, 0n, 0n, 0n) !== 0)
    return undefined;
  let before = new Set<number>();
  return {
    reap(own) {
      const ended = childrenOf(process.pid).filter(
        ({ pid, state }) => state === "Z" && !own.has(pid),
      );
      for (const { pid } of ended) if (before.has(pid)) calls.waitpid(pid, null, WNOHANG);
      before = new Set(ended.map(({ pid }) => pid));
    },
  };
}

/** Every process below this one that is not below one of its `own` children, the nearest first; none where there is no `/proc`. */
export function strays(own: ReadonlySet<number>): ProcessState[] {
  const byParent = new Map<number, ProcessState[]>();
  for (const state of allProcesses()) {
    const siblings = byParent.get(state.parent);
    if (siblings === undefined) byParent.set(state.parent, [state]);
    else siblings.push(state);
  }
  const adopted = byParent.get(process.pid) ?? [];
  const found = adopted.filter(({ pid, state }) => !own.has(pid) && state !== "Z");
  for (const one of found) found.push(...(byParent.get(one.pid) ?? []));
  return found;
}

function childrenOf(parent: number): ProcessState[] {
  try {
    const text = readFileSync(`/proc/${parent}/task/${parent}/children`, "latin1");
    const pids = text.split(" ").filter(Boolean).map(Number);
    return pids.flatMap((pid) => processState(pid) ?? []);
  } catch {
    // A kernel that was built without that list.
    return allProcesses().filter((state) => state.parent === parent);
  }
}

function allProcesses(): ProcessState[] {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return pids.flatMap((pid) => processState(pid) ?? []);
}

interface Calls {
  prctl(option: number, a: bigint, b: bigint, c: bigint, d: bigint): number;
  waitpid(pid: number, status: null, options: number): number;
}

function openCalls(): Calls | undefined {
  const ffi = process.getBuiltinModule?.("bun:ffi" as never) as
    typeof import("bun:ffi") | undefined;
  if (process.versions.bun === undefined || ffi === undefined) return undefined;
  for (const name of [
    "libc.so.6",
    `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`,
  ]) {
    try {
      return ffi.dlopen(name, {
        prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
        waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
      }).symbols;
    } catch {
      // The next name may be the one this system uses.
    }
  }
  return undefined;
}
