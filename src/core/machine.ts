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
  const limits = read("/proc/self/limits");
  const groups = cgroups();
  const usedBy = (kind: "memory" | "pids") => groups.map((place) => leftIn(place, kind));
  return {
    cores: availableParallelism(),
    memoryBytes: Math.min(memoryAvailable(read("/proc/meminfo")), ...usedBy("memory")),
    filesMax: limitOf(limits, "Max open files"),
    tasksLeft: Math.min(tasksLeftOfUser(limits), tasksLeftOfKernel(), ...usedBy("pids")),
  };
}

/** MemAvailable of the text of /proc/meminfo, in bytes; what is free where it says nothing. */
export function memoryAvailable(meminfo: string): number {
  const kibibytes = /^MemAvailable:\s+(\d+) kB/m.exec(meminfo)?.[1];
  return kibibytes === undefined ? freemem() : Number(kibibytes) * 1024;
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
    const status = read(`/proc/${pid}/status`);
    if (new RegExp(`^Uid:\\s+${uid}\\b`, "m").test(status))
      used += Number(/^Threads:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  }
  return Math.max(0, most - used);
}

function tasksLeftOfKernel(): number {
  const running = Number(/\/(\d+) /.exec(read("/proc/loadavg"))?.[1] ?? 0);
  const most = Number(read("/proc/sys/kernel/pid_max").trim() || Infinity);
  return Math.max(0, most - running);
}

/** The directories of the control groups that this process is in, and those above them, of version 2 and of version 1. */
function cgroups(): string[] {
  return read("/proc/self/cgroup")
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
  const left = filesOf[kind].map(([max, current]) => {
    const most = read(join(place, max)).trim();
    if (!/^\d+$/.test(most)) return Infinity;
    return Math.max(0, Number(most) - Number(read(join(place, current))) + reclaimable(place));
  });
  return Math.min(...left);
}

/** Memory that holds what is on the disk as well: it counts as used, and is given up for whoever needs it. */
function reclaimable(place: string): number {
  const stat = read(join(place, "memory.stat"));
  return Number(/^(?:total_)?inactive_file (\d+)$/m.exec(stat)?.[1] ?? 0);
}

function read(path: string): string {
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
