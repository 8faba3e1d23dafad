// Orphans: a process that has itself made the parent of all whose own parent dies, and takes them off the kernel's hands.
// Linux alone can do that, and only where the C library can be called.
import { existsSync } from "node:fs";
import { type ProcessState, processState, threadsOf } from "./identity.ts";
import { idsIn, readProc } from "./proc.ts";

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
      const others = kinship()(process.pid).filter((pid) => !own.has(pid));
      const ended = others.flatMap((pid) => processState(pid) ?? []).filter(isEnded);
      for (const { pid } of ended) if (before.has(pid)) calls.waitpid(pid, null, WNOHANG);
      before = new Set(ended.map(({ pid }) => pid));
    },
  };
}

/** The live processes that were left to this one: its children but for its `own`; none where there is no `/proc`. */
export function adopted(own: ReadonlySet<number>): ProcessState[] {
  if (process.platform !== "linux") return [];
  return aliveOf(kinship()(process.pid).filter((pid) => !own.has(pid)));
}

/** Every live process below this one that is not below one of its `own` children, the nearest first; none where there is no `/proc`. */
export function strays(own: ReadonlySet<number>): ProcessState[] {
  const found = adopted(own);
  const childrenOf = kinship();
  for (const { pid } of found) found.push(...aliveOf(childrenOf(pid)));
  return found;
}

function aliveOf(pids: readonly number[]): ProcessState[] {
  return pids.flatMap((pid) => processState(pid) ?? []).filter((one) => !isEnded(one));
}

function isEnded({ state }: ProcessState): boolean {
  return state === "Z";
}

/** Who has which children: by the kernel's own lists, for a look at all processes takes long where there are many; else by what each of them says of its parent. */
function kinship(): (parent: number) => number[] {
  if (existsSync(`/proc/${process.pid}/task/${process.pid}/children`)) return listedChildren;
  const byParent = Map.groupBy(allProcesses(), ({ parent }) => parent);
  return (parent) => (byParent.get(parent) ?? []).map(({ pid }) => pid);
}

/** The children of `parent`; each of its threads has a list of its own. When it has ended whoever it had is somebody else's. */
function listedChildren(parent: number): number[] {
  return threadsOf(parent).flatMap((thread) => listOf(parent, thread));
}

function listOf(parent: number, thread: number): number[] {
  try {
    const list = readProc(`${parent}/task/${thread}/children`);
    return list.split(" ").filter(Boolean).map(Number);
  } catch {
    // The thread has ended; the others have what it had.
    return [];
  }
}

function allProcesses(): ProcessState[] {
  return idsIn("").flatMap((pid) => processState(pid) ?? []);
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
