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

export interface Deployment {
  /** Of the swarm, fit for the name of a container: a-z, 0-9 and hyphens. */
  name: string;
  version: string;
  /** How many agents there are to be. */
  agents: number;
  /** What those take of a machine. */
  cost: { files: number; tasks: number; megabytes: number };
  /** How long the swarm may take to go down, in milliseconds. */
  downMs: number;
  settings: readonly SettingLine[];
  /** Where skep, the swarm file and the home lie on this machine; for what runs on it. */
  here: { skep: string; file: string; home: string };
}

/** Where these lie in a container. */
export const inContainer = {
  skep: "/usr/local/bin/skep",
  directory: "/swarm",
  file: "/swarm/skep.swarm.toml",
  home: "/home/skep/state",
  /** Where a volume is put whose top is root's, whatever the user; a home has to be its user's own. */
  volume: "/home/skep/volume",
};

/** The user of a container, who is not root. */
export const containerUser = 10_001;

/** The variables of what somebody chose, with the home at `home`. */
export function variablesOf({ settings }: Deployment, home: string): Record<string, string> {
  const chosen = settings.filter((setting) => setting.chosen);
  return {
    SKEP_HOME: home,
    ...Object.fromEntries(chosen.map(({ variable, value }) => [variable, value])),
  };
}

/** Memory for all agents and as much again for their programs, in whole MiB. */
export function memoryMiB({ cost }: Deployment): number {
  return Math.ceil((2 * cost.megabytes * 1e6) / 2 ** 20 / 64) * 64;
}

/** Seconds until whoever stops it may lose patience. */
export function stopSeconds({ downMs }: Deployment): number {
  return Math.ceil(downMs / 1_000) + 5;
}

/** As many cores as the swarm itself is well with, at least one: 708 agents are started and served by two. */
export function cores({ agents }: Deployment): number {
  return Math.max(1, Math.ceil(agents / 350));
}
