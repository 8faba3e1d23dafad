// Who a process is: its id alone is reused by the kernel, so its start time goes with it.
import { readlinkSync } from "node:fs";
import { idsIn, readProc } from "./proc.ts";

export interface ProcessIdentity {
  pid: number;
  /** Field 22 of `/proc/<pid>/stat`, in clock ticks since boot; 0 where there is no `/proc`. */
  startTime: number;
}

/** Who waits or works: a process, or one of several agents that share it. */
export interface Self extends ProcessIdentity {
  /** Which of them; 0, or left out, when it has the process to itself. */
  slot?: number | undefined;
}

export interface ProcessState extends ProcessIdentity {
  /** One letter as in `ps`: R running, S sleeping, D in the kernel, T stopped, Z zombie. */
  state: string;
  parent: number;
  group: number;
  /** How long it has had a processor so far, in milliseconds, to a hundredth of a second. */
  cpuMs: number;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return {
    pid: process.pid,
    startTime: processState(process.pid)?.startTime ?? 0,
  };
}

/** Names the pid namespace of this process: its ids mean nothing in another one. Empty where there are none. */
export function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

// What the kernel counts times in for its users, whatever it counts in itself.
const kernelTickMs = 10;

/** What `/proc` says of `pid`, or undefined when there is no such process (or no `/proc`). */
export function processState(pid: number): ProcessState | undefined {
  let stat: string;
  try {
    stat = readProc(`${pid}/stat`);
  } catch {
    return undefined;
  }
  const fields = fieldsOf(stat);
  const threads = Number(fields[17]);
  return {
    pid,
    state: fields[0] === "Z" && threads > 1 ? stateOfOthers(pid) : fields[0]!,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    startTime: Number(fields[19]),
    cpuMs: (Number(fields[11]) + Number(fields[12])) * kernelTickMs,
  };
}

/** The fields of a line of `stat` from the state on. The name before them stands in parentheses and may itself hold spaces and parentheses. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/**
 * The state of a process whose first thread has ended, which looks like a zombie: that of another thread. One may go on for good
 * like that; and of one that is being killed the first thread may be gone for a while before the last, which then has its children.
 */
function stateOfOthers(pid: number): string {
  const states = threadsOf(pid).flatMap((thread) => {
    try {
      return fieldsOf(readProc(`${pid}/task/${thread}/stat`))[0]!;
    } catch {
      // It has just ended.
      return [];
    }
  });
  return states.find((state) => state !== "Z" && state !== "X") ?? "Z";
}

/** The ids of the threads of the process `pid`; none when there is no such process. */
export function threadsOf(pid: number): number[] {
  try {
    return idsIn(`${pid}/task`);
  } catch {
    return [];
  }
}

/** Whether that very process still runs; a zombie does not, nor does another one with its id. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (process.platform !== "linux") return answersSignals(identity.pid);
  const state = processState(identity.pid);
  return state !== undefined && state.state !== "Z" && state.startTime === identity.startTime;
}

/** Whether some process `pid` is there to be signalled: a cheap guess at `isAlive` that a zombie or a reused id can fool. */
export function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
