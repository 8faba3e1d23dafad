// What a swarm of so many agents takes of a machine.

/** What is taken, when each agent has a host and a program of its own; a pool takes far less. */
export interface Cost {
  /** Files that the supervisor has open at once. */
  files: number;
  /** Processes and threads. */
  tasks: number;
  /** Megabytes (10⁶ bytes) of memory, without what the programs themselves need. */
  megabytes: number;
}

// The supervisor has three pipes and one handle to each host, and some files of its own.
const files = { own: 64, each: 4 };
// A host has two threads, sometimes three, and its program is a process of its own.
const tasks = { own: 32, each: 4 };
// bench/results.md, agents-up: 708 agents, each with a host and a shell of its own, take 4,330 MB.
const megabytes = { own: 100, each: 6.5 };

/** What `agents` agents take. */
export function costOf(agents: number): Cost {
  return {
    files: files.own + files.each * agents,
    tasks: tasks.own + tasks.each * agents,
    megabytes: Math.ceil(megabytes.own + megabytes.each * agents),
  };
}
