// What a swarm file asks for, agent by agent, with every default filled in.
import type { EnvironmentRule } from "./environment.ts";

/** How messages reach the program of an agent. */
export type Runner = "exec" | "stream" | "self" | "module";

/** Who may write to whom; `auto` leaves that to the number of agents. */
export type Topology = "flat" | "mesh" | "hierarchical" | "hybrid" | "auto";

/**
 * What makes an agent ready: that its program runs, its first `skep beat`, a line of its output with that text in it,
 * or a command that succeeds.
 */
export type Readiness = "start" | "beat" | { log: string } | { command: readonly string[] };

/** How it is seen that an agent still works: a command that succeeds again and again, or beats so close to each other. */
export type Liveness =
  | { command: readonly string[]; everyMs: number; timeoutMs: number; failures: number }
  | { beatMs: number };

/** What is left out is not limited but by the settings of the bus. */
export interface AgentLimits {
  /** Deliveries and bytes that its inbox holds. */
  cap?: number | undefined;
  bytes?: number | undefined;
  /** How fast its inbox takes messages, and how many at once all the same. */
  ratePerS?: number | undefined;
  burst?: number | undefined;
  /** How fast the agent itself sends. */
  sendsRatePerS?: number | undefined;
  sendsBurst?: number | undefined;
}

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
  /** Whether its program has a terminal of its own. */
  terminal: boolean;
  /** How many deliveries a `stream` program may hold at once. */
  inFlight: number;
  limits: AgentLimits;
  /** Among how many hosts the agents of its group are shared out; 0: each has a host of its own. */
  pool: number;
  /** In a pool, how many `exec` programs of one host run at once. */
  atOnce: number;
  /** In a pool, how many `stream` programs are started ahead. */
  spare: number;
  role: "coordinator" | "worker";
  team: string | null;
  /** The groups whose agents have to be ready before it is started. */
  after: readonly string[];
  ready: Readiness;
  readyTimeoutMs: number;
  live: Liveness | null;
  restart: "on-failure" | "always" | "never";
  /** So many restarts within the period; with one more it has failed for good. */
  restartMax: number;
  restartPeriodMs: number;
  /** The shortest and the longest pause before a restart. */
  backoffMinMs: number;
  backoffMaxMs: number;
  /** The exit codes of its program that are no failure. */
  successExitCodes: readonly number[];
  /** How long its program may take between SIGTERM and SIGKILL; null: as the settings say. */
  stopGraceMs: number | null;
  /** How long its log grows before it is rotated; null: as the settings say. */
  logBytesMax: number | null;
}

export interface Swarm {
  name: string;
  /** The absolute path of the swarm file. */
  file: string;
  /** What that held when it was read. */
  source: Uint8Array;
  /** The directory of the swarm file; what the file names is relative to it. */
  directory: string;
  topology: Topology;
  /** Whether there are only the inboxes of its agents and those that were there, or one comes into being with its first message. */
  addressBook: "closed" | "open";
  /** How many hosts are started at the same time, and the pause between one start and the next. */
  startAtOnce: number;
  startStaggerMs: number;
  /** So many restarts of all agents together within the period; with one more the swarm gives up. null: a tenth of the agents, and 20 at least. */
  restartsMax: number | null;
  restartsPeriodMs: number;
  /** From 1 to 10,000, in the order of the file, every one with its own name. */
  agents: AgentSpec[];
  /** The names of the groups, those in one list after those in the lists before it. */
  startOrder: string[][];
}

/** What holds for an agent whose group says nothing about it. */
export const agentDefaults = {
  terminal: false,
  inFlight: 1,
  limits: {},
  pool: 0,
  spare: 0,
  role: "worker",
  team: null,
  after: [],
  ready: "start",
  readyTimeoutMs: 30_000,
  live: null,
  restart: "on-failure",
  restartMax: 3,
  restartPeriodMs: 60_000,
  backoffMinMs: 1_000,
  backoffMaxMs: 60_000,
  successExitCodes: [0],
  stopGraceMs: null,
  logBytesMax: null,
} as const satisfies Partial<AgentSpec>;

/** What holds for a `live` with a command that says nothing about it. */
export const probeDefaults = { everyMs: 10_000, timeoutMs: 5_000, failures: 3 };

/** What holds for a swarm whose file says nothing about it. */
export const swarmDefaults = {
  topology: "flat",
  addressBook: "closed",
  startAtOnce: 16,
  startStaggerMs: 0,
  restartsMax: null,
  restartsPeriodMs: 60_000,
} as const satisfies Partial<Swarm>;
