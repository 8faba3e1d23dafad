// What a swarm file asks for, agent by agent.
import type { EnvironmentRule } from "./environment.ts";

/** How messages reach the program of an agent. */
export type Runner = "exec" | "stream" | "self" | "module";

export interface AgentSpec {
  /** Its own name: `counter-7`, or `counter` where the file says no count. */
  name: string;
  /** The name it has in the file: `counter`. */
  group: string;
  /** The program and its arguments, for every runner but `module`; a program named by a path is absolute. */
  command?: string[];
  /** The absolute path of the file that exports `handle`, for the runner `module`. */
  module?: string;
  runner: Runner;
  /** The inbox it works on: its own name, or a shared one. */
  inbox: string;
  /** What its program sees of the environment. */
  env: readonly EnvironmentRule[];
  /** The absolute path of the directory its program runs in. */
  cwd: string;
  /** How many deliveries a `stream` program may hold at once. */
  inFlight: number;
}

export interface Swarm {
  name: string;
  /** The absolute path of the swarm file. */
  file: string;
  /** The directory of the swarm file; what the file names is relative to it. */
  directory: string;
  /** At least one, in the order of the file, every one with its own name. */
  agents: AgentSpec[];
}
