// What the pieces of a swarm take of a machine.

/** What one piece takes. */
export interface Cost {
  /** Files that the supervisor has open at once. */
  files: number;
  /** Processes and threads. */
  tasks: number;
  /** Megabytes (10⁶ bytes) of memory, without what the programs themselves need. */
  megabytes: number;
}

/** What a swarm takes by itself: its guardian, its supervisor, and what all processes of skep share. */
export const ofSwarm: Cost = { files: 64, tasks: 32, megabytes: 100 };

/**
 * What each host takes. The supervisor has three pipes and one handle to it; it has up to four threads; and by
 * bench/results.md, agents-up, 708 agents, each with a host and a shell of its own, take 4,330 MB.
 */
export const ofHost: Cost = { files: 4, tasks: 4, megabytes: 6.5 };

/** What each program takes, its files those that its host has open. */
export const ofProgram: Cost = { files: 4, tasks: 1, megabytes: 0 };
