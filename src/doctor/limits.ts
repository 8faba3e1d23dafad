// Whether the machine lets a swarm of so many agents be: files, processes, memory, cores.
import { readFileSync } from "node:fs";
import { availableParallelism, freemem } from "node:os";
import { costOf } from "../config/cost.ts";
import { type Finding, fail, pass, warn } from "./finding.ts";

/** What this machine allows, as `judgeLimits` takes it. */
export interface Allowed {
  /** How many files a process may have open; Infinity for any number. */
  files: number;
  /** How many more processes and threads there may be. */
  tasks: number;
  /** Megabytes (10⁶ bytes) of memory that nobody needs. */
  megabytes: number;
  cores: number;
}

/** Whether this machine has what `agents` agents need, each in a process of its own. */
export function checkLimits(agents: number): Finding[] {
  return judgeLimits(readAllowed(), agents);
}

/** What a machine that allows so much makes of `agents` agents. */
export function judgeLimits(
  { files, tasks, megabytes, cores }: Allowed,
  agents: number,
): Finding[] {
  const need = costOf(agents);
  const pools = "or let agents share hosts with pool = true";
  return [
    judge("open files", "one process may have {} open", files, need.files, agents, [
      `Raise it with ulimit -n ${need.files}, ${pools}.`,
    ]),
    judge("processes", "{} more can be started", tasks, need.tasks, agents, [
      `Raise ulimit -u, kernel.pid_max, or pids.max of the container, ${pools}.`,
    ]),
    judge("memory", "{} MB are free", Math.round(megabytes), need.megabytes, agents, [
      `Start fewer agents, ${pools}.`,
    ]),
    cores > 1
      ? pass("cores", `${cores}`)
      : warn("cores", "1", "Expect agents to wait for each other; a swarm wants two."),
  ];
}

function judge(
  check: string,
  text: string,
  has: number,
  needs: number,
  agents: number,
  [fix]: [string],
): Finding {
  const there = Number.isFinite(has) ? String(has) : "any number";
  const says = `${text.replace("{}", there)}; ${agents} agents need ${needs}`;
  // One agent in ten is no swarm; fewer than all may do for somebody.
  if (has < needs / 10) return fail(check, says, fix);
  return has < needs ? warn(check, says, fix) : pass(check, says);
}

function readAllowed(): Allowed {
  return {
    files: limitIn(textOf("/proc/self/limits"), "Max open files"),
    tasks: Math.max(0, tasksAllowed()),
    megabytes: Math.max(0, bytesFree()) / 1e6,
    cores: availableParallelism(),
  };
}

/** The soft limit of that name in the text of `/proc/self/limits`; Infinity where there is none. */
export function limitIn(limits: string, name: string): number {
  const soft = new RegExp(`^${name}\\s+(\\S+)`, "m").exec(limits)?.[1];
  return soft === undefined || soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
}

// Whoever runs as root is not held to its own limit, but to those of the container and of the kernel.
function tasksAllowed(): number {
  const own =
    process.getuid?.() === 0
      ? Number.POSITIVE_INFINITY
      : limitIn(textOf("/proc/self/limits"), "Max processes");
  const running = Number(/\/(\d+) /.exec(textOf("/proc/loadavg"))?.[1] ?? 0);
  const most = Number(textOf("/proc/sys/kernel/pid_max").trim() || Number.POSITIVE_INFINITY);
  const group = cgroupFile("pids.max");
  const here = Number(cgroupFile("pids.current") ?? 0);
  const ofGroup = group === undefined || group === "max" ? Number.POSITIVE_INFINITY : Number(group);
  return Math.min(own - running, most - running, ofGroup - here);
}

function bytesFree(): number {
  const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(textOf("/proc/meminfo"))?.[1];
  const machine = kilobytes === undefined ? freemem() : Number(kilobytes) * 1_024;
  const most = cgroupFile("memory.max");
  if (most === undefined || most === "max") return machine;
  return Math.min(machine, Number(most) - Number(cgroupFile("memory.current") ?? 0));
}

/** What the control group of this process says, in version 2; undefined where it says nothing. */
function cgroupFile(name: string): string | undefined {
  const path = /^0::(\S+)$/m.exec(textOf("/proc/self/cgroup"))?.[1];
  if (path === undefined) return undefined;
  return textOf(`/sys/fs/cgroup${path === "/" ? "" : path}/${name}`).trim() || undefined;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
