// Whether the machine lets a swarm of so many agents be: files, processes, memory, cores.
import { needsOf, plainAgents } from "../config/capacity.ts";
import { defaults } from "../config/settings.ts";
import { readMachine } from "../core/machine.ts";
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
  const need = needsOf(plainAgents(agents, 0), defaults);
  const pools = "or let agents share hosts with pool = true";
  return [
    judge("open files", "one process may have {} open", files, need.files, agents, [
      `Raise it with ulimit -n ${need.files}, ${pools}.`,
    ]),
    judge("processes", "{} more can be started", tasks, need.tasks, agents, [
      `Raise ulimit -u, kernel.pid_max, or pids.max of the container, ${pools}.`,
    ]),
    judge(
      "memory",
      "{} MB are free",
      Math.round(megabytes),
      Math.ceil(need.memoryBytes / 1e6),
      agents,
      [`Start fewer agents, ${pools}.`],
    ),
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
  const { filesMax, tasksLeft, memoryBytes, cores } = readMachine();
  return { files: filesMax, tasks: tasksLeft, megabytes: memoryBytes / 1e6, cores };
}
