// What a swarm takes of the machine it runs on, and whether there is as much. Pure. What its programs take comes on top.
import type { Machine } from "../core/machine.ts";
import { ofHost, ofProgram, ofSwarm } from "./cost.ts";
import type { Settings } from "./settings.ts";
import type { AgentSpec } from "./swarm.ts";

/** What a swarm takes, at most. */
export interface Needs {
  agents: number;
  /** Processes of skep that host its agents. */
  hosts: number;
  /** Programs that run at once. */
  programs: number;
  memoryBytes: number;
  /** Processes and threads. */
  tasks: number;
  /** Files that its supervisor, or the fullest of its hosts, has open. */
  files: number;
  /** Bodies in its inboxes when all of them are full, and its logs. */
  diskBytes: number;
}

/** What there is for it. */
export interface Room extends Machine {
  /** Bytes free on the disk of the home. */
  diskBytes: number;
}

const mebibyte = 1024 * 1024;

const megabyte = 1e6;

// A log is put aside once when it is full.
const logsPerAgent = 2;

/** What `agents` take, under the same settings. */
export function needsOf(agents: readonly AgentSpec[], settings: Settings): Needs {
  const groups = [...Map.groupBy(agents, ({ group }) => group).values()].map(groupNeeds);
  const sum = (of: (group: GroupNeeds) => number) => groups.reduce((all, one) => all + of(one), 0);
  const hosts = sum((group) => group.hosts);
  const programs = sum((group) => group.programs);
  const logs = agents.map(({ logBytesMax }) => logBytesMax ?? settings.agents.logBytesMax);
  return {
    agents: agents.length,
    hosts,
    programs,
    memoryBytes: (ofSwarm.megabytes + hosts * ofHost.megabytes) * megabyte,
    tasks: ofSwarm.tasks + hosts * ofHost.tasks + programs * ofProgram.tasks,
    files: ofSwarm.files + Math.max(hosts * ofHost.files, ...groups.map(({ files }) => files)),
    diskBytes: fullInboxes(agents, settings) + logsPerAgent * logs.reduce((a, b) => a + b, 0),
  };
}

/** So many agents, alike and with no wishes: each with a host and a program of its own, or all in `pool` hosts. */
export function plainAgents(count: number, pool: number): AgentSpec[] {
  const spec = { group: "a", runner: pool > 0 ? "exec" : "self", pool, atOnce: 2 * pool, spare: 0 };
  return Array.from({ length: count }, (_, n) => {
    const name = `a-${n + 1}`;
    return { ...spec, name, inbox: name, limits: {}, logBytesMax: null } as unknown as AgentSpec;
  });
}

/** What of the machine is not enough, each as the end of a sentence: "needs …, and there is …". */
export function shortages(needs: Needs, room: Room): { what: string; hint: string }[] {
  const short = (need: number, there: number, what: string, hint: string) =>
    need > there ? [{ what, hint }] : [];
  return [
    ...short(
      needs.memoryBytes,
      room.memoryBytes,
      `needs ${bytesText(needs.memoryBytes)} of memory besides its programs, and ${bytesText(room.memoryBytes)} are free`,
      "Put agents into a pool (pool = true), or have fewer of them.",
    ),
    ...short(
      needs.tasks,
      room.tasksLeft,
      `needs ${needs.tasks} processes and threads, and there may be ${room.tasksLeft} more`,
      "Raise ulimit -u or the pids limit of the container, or put agents into a pool.",
    ),
    ...short(
      needs.files,
      room.filesMax,
      `needs ${needs.files} open files in one process, and ${room.filesMax} are allowed`,
      "Raise ulimit -n, or put agents into a pool.",
    ),
    ...short(
      needs.diskBytes,
      room.diskBytes,
      `takes ${bytesText(needs.diskBytes)} of disk when its inboxes and logs are full, and ${bytesText(room.diskBytes)} are free`,
      "Lower bus.inbox_bytes or bus.inbox_cap (or limits of the group), or agents.log_bytes_max.",
    ),
  ];
}

/** Bytes as people read them: 640 MiB, 6.3 GiB. */
export function bytesText(bytes: number): string {
  if (bytes === Infinity) return "any number of bytes";
  if (bytes < 1024 * mebibyte) return `${Math.ceil(bytes / mebibyte)} MiB`;
  return `${(bytes / (1024 * mebibyte)).toFixed(1)} GiB`;
}

interface GroupNeeds {
  hosts: number;
  programs: number;
  /** In each of its hosts. */
  files: number;
}

function groupNeeds(agents: readonly AgentSpec[]): GroupNeeds {
  const { runner, pool, atOnce, spare } = agents[0]!;
  const hosts = pool > 0 ? Math.min(pool, agents.length) : agents.length;
  const inEach = Math.ceil(agents.length / hosts);
  const atOnceInEach = { module: 0, exec: pool > 0 ? Math.min(atOnce, inEach) : 1 };
  const running = runner === "module" || runner === "exec" ? atOnceInEach[runner] : inEach + spare;
  return { hosts, programs: hosts * running, files: inEach + running * ofProgram.files };
}

function fullInboxes(agents: readonly AgentSpec[], { bus }: Settings): number {
  const inboxes = new Map(agents.map(({ inbox, limits }) => [inbox, limits]));
  return [...inboxes.values()].reduce((sum, { cap, bytes }) => {
    const most = (cap ?? bus.inboxCap) * bus.bodyBytesMax;
    return sum + Math.min(most, bytes ?? bus.inboxBytes);
  }, 0);
}
