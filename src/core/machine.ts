// What this machine has left for a swarm: memory, processes, files. On Linux; elsewhere nothing is known, and nothing is in the way.
import { readFileSync, readdirSync } from "node:fs";
import { availableParallelism, freemem } from "node:os";
import { dirname, join } from "node:path";

export interface Machine {
  cores: number;
  /** Bytes that processes can still have before something has to give. */
  memoryBytes: number;
  /** How many files one process may have open. */
  filesMax: number;
  /** How many more processes and threads there may be. */
  tasksLeft: number;
}

/** This machine as this process sees it, its container's bounds and its user's among them. */
export function readMachine(): Machine {
  const limits = readFile("/proc/self/limits");
  const groups = cgroups();
  const usedBy = (kind: "memory" | "pids") => groups.map((place) => leftIn(place, kind));
  return {
    cores: availableParallelism(),
    memoryBytes: Math.min(memoryAvailable(readFile("/proc/meminfo")), ...usedBy("memory")),
    filesMax: limitOf(limits, "Max open files"),
    tasksLeft: Math.min(tasksLeftOfUser(limits), tasksLeftOfKernel(), ...usedBy("pids")),
  };
}

/** MemAvailable of the text of /proc/meminfo, in bytes; what is free where it says nothing. */
export function memoryAvailable(meminfo: string): number {
  const kibibytes = /^MemAvailable:\s+(\d+) kB/m.exec(meminfo)?.[1];
  return kibibytes === undefined ? freemem() : Number(kibibytes) * 1024;
}

/** The share of its memory that a machine whose /proc/meminfo has this text still has, in percent; null where it does not say. */
export function shareAvailable(meminfo: string): number | null {
  const [available, total] = ["MemAvailable", "MemTotal"].map((name) =>
    Number(new RegExp(`^${name}:\\s+(\\d{1,15}) kB`, "m").exec(meminfo)?.[1] ?? Number.NaN),
  ) as [number, number];
  return total > 0 && available >= 0 ? percentOf(available, total) : null;
}

/** The share of the memory that this process and others like it can still have, in percent: of the machine, or of the control group that has the least left. */
export function memoryShare(): number | null {
  const bounds = cgroups().flatMap((place) =>
    filesOf.memory.map(([max, current]) => boundIn(place, max, current)),
  );
  const known = [
    shareAvailable(readFile("/proc/meminfo")) ?? [],
    bounds.flatMap(({ most, left }) => (most > 0 && most < Infinity ? percentOf(left, most) : [])),
  ].flat();
  return known.length === 0 ? null : Math.min(...known);
}

function percentOf(part: number, whole: number): number {
  return Math.min(100, (part / whole) * 100);
}

/** The soft limit of that name in the text of /proc/self/limits. */
export function limitOf(limits: string, name: string): number {
  const line = limits.split("\n").find((one) => one.startsWith(name));
  const soft = line?.slice(name.length).trim().split(/\s+/)[0];
  return soft === undefined || soft === "unlimited" ? Infinity : Number(soft);
}

// Root may have as many as it likes.
function tasksLeftOfUser(limits: string): number {
  const most = limitOf(limits, "Max processes");
  const uid = process.getuid?.();
  if (most === Infinity || uid === undefined || uid === 0) return Infinity;
  let used = 0;
  for (const pid of list("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const status = readFile(`/proc/${pid}/status`);
    if (new RegExp(`^Uid:\\s+${uid}\\b`, "m").test(status))
      used += Number(/^Threads:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  }
  return Math.max(0, most - used);
}

function tasksLeftOfKernel(): number {
  const running = Number(/\/(\d+) /.exec(readFile("/proc/loadavg"))?.[1] ?? 0);
  const most = Number(readFile("/proc/sys/kernel/pid_max").trim() || Infinity);
  return Math.max(0, most - running);
}

/** The directories of the control groups that this process is in, and those above them, of version 2 and of version 1. */
export function cgroups(): string[] {
  return readFile("/proc/self/cgroup")
    .split("\n")
    .flatMap((line) => {
      const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      if (path === undefined) return [];
      const wanted = controllers!.split(",").find((name) => name === "memory" || name === "pids");
      if (controllers !== "" && wanted === undefined) return [];
      const root = join("/sys/fs/cgroup", wanted ?? "");
      const places: string[] = [];
      for (let place = path; ; place = dirname(place)) {
        places.push(join(root, place));
        if (place === dirname(place)) return places;
      }
    });
}

const filesOf = {
  memory: [
    ["memory.max", "memory.current"],
    ["memory.limit_in_bytes", "memory.usage_in_bytes"],
  ],
  pids: [["pids.max", "pids.current"]],
} as const;

function leftIn(place: string, kind: keyof typeof filesOf): number {
  return Math.min(...filesOf[kind].map(([max, current]) => boundIn(place, max, current).left));
}

/** The bound that one file of a control group sets, and what is left of it by another; both infinite where there is none. */
function boundIn(place: string, max: string, current: string): { most: number; left: number } {
  const most = readFile(join(place, max)).trim();
  if (!/^\d+$/.test(most)) return { most: Infinity, left: Infinity };
  const used = Number(readFile(join(place, current))) || 0;
  const left = Number(most) - used + reclaimable(place);
  return { most: Number(most), left: Math.max(0, left) };
}

/** Memory that holds what is on the disk as well: it counts as used, and is given up for whoever needs it. */
function reclaimable(place: string): number {
  const stat = readFile(join(place, "memory.stat"));
  return Number(/^(?:total_)?inactive_file (\d+)$/m.exec(stat)?.[1] ?? 0);
}

/** The text of the file; nothing where it cannot be read. */
export function readFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
