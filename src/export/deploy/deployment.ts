// What is known of a swarm that is to be put somewhere; every file of a deployment is written from this alone.

/** One setting, as the environment says it. */
export interface SettingLine {
  /** SKEP_BUS_LEASE. */
  variable: string;
  /** The value that holds. */
  value: string;
  /** What it is for, with the values that it can have, in one line. */
  remark: string;
  /** Whether somebody chose it here; what is usual, or follows from the profile, need not be said again. */
  chosen: boolean;
}

/** A variable that agents are to be passed from outside: its name alone, for its value may be a secret. */
export interface Key {
  variable: string;
  /** The groups of agents that get to see it. */
  groups: readonly string[];
}

export interface Deployment {
  /** Of the swarm, fit for the name of a container and of a service: a-z, 0-9 and hyphens, a letter first. */
  name: string;
  version: string;
  /** How many agents there are to be. */
  agents: number;
  /** What those take of a machine, as `skep config check` reckons it. */
  needs: {
    /** Without what their programs need, of which so many run at once. */
    memoryBytes: number;
    programs: number;
    tasks: number;
    files: number;
    diskBytes: number;
  };
  /** How long the swarm may take to go down, in milliseconds. */
  downMs: number;
  settings: readonly SettingLine[];
  keys: readonly Key[];
  /** What the swarm file is called. */
  file: string;
  /** What beside it its agents are started with: paths relative to its directory. */
  files: readonly string[];
  /** What starts skep on this machine (the program, and what it is given before all else), where the swarm file and the home lie, and where programs are looked for; for what runs on it. */
  here: { skep: readonly string[]; file: string; home: string; searchPath: string };
}

/** Where these lie in a container. */
export const inContainer = {
  skep: "/usr/local/bin/skep",
  directory: "/swarm",
  home: "/home/skep/state",
  /** Where a volume is put whose top is root's, whatever the user; a home has to be its user's own. */
  volume: "/home/skep/volume",
};

/** The user of a container, who is not root. */
export const containerUser = 10_001;

/** Where the swarm file lies in a container. */
export function fileInContainer({ file }: Deployment): string {
  return `${inContainer.directory}/${file}`;
}

/** The variables of what somebody chose, with the home at `home`. */
export function variablesOf({ settings }: Deployment, home: string): Record<string, string> {
  const chosen = settings.filter((setting) => setting.chosen);
  return {
    SKEP_HOME: home,
    ...Object.fromEntries(chosen.map(({ variable, value }) => [variable, value])),
  };
}

/** The names of what agents are to be passed from outside. */
export function keyNames({ keys }: Deployment): string[] {
  return keys.map(({ variable }) => variable);
}

/** How much a swarm may take before something has to give. */
export interface Bounds {
  memoryMiB: number;
  cores: number;
  /** Processes and threads. */
  tasks: number;
  /** Open files of one process. */
  files: number;
  /** Of the volume that the home lies on. */
  storageGiB: number;
}

// What a small program takes; a large one has to be allowed for by whoever knows it.
const programBytes = 8e6;
const [mebibyte, gibibyte] = [2 ** 20, 2 ** 30];

/**
 * The bounds of a deployment: what the swarm takes itself, as much again for what its programs do, and memory for each
 * program that runs at once. Whole steps of 64 MiB and 1 GiB.
 */
export function boundsOf({ agents, needs }: Deployment): Bounds {
  const { memoryBytes, programs, tasks, files, diskBytes } = needs;
  const forPrograms = Math.max(memoryBytes, programs * programBytes);
  return {
    memoryMiB: Math.ceil((memoryBytes + forPrograms) / mebibyte / 64) * 64,
    // 708 agents are started and served by two.
    cores: Math.max(1, Math.ceil(agents / 350)),
    tasks: tasks * 2,
    files: files * 2,
    storageGiB: Math.max(1, Math.ceil(diskBytes / gibibyte)),
  };
}

/** Seconds until whoever stops it may lose patience. */
export function stopSeconds({ downMs }: Deployment): number {
  return Math.ceil(downMs / 1_000) + 5;
}
