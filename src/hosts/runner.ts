// What a runner works with, and what it answers.
import type { Log } from "../agents/log.ts";
import type { AgentState } from "../agents/registry.ts";
import type { Bus } from "../bus/bus.ts";
import type { Clock } from "../core/clock.ts";
import type { ProcessIdentity } from "../core/identity.ts";
import type { Store } from "../store/store.ts";

/** One agent, as the swarm file spells it out. */
export interface Work {
  name: string;
  runner: "exec" | "stream" | "self" | "module";
  /** The program and its arguments, for every runner but `module`. */
  command?: string[];
  /** The absolute path of the file that exports `handle`, for the runner `module`. */
  module?: string;
  inbox: string;
  cwd: string;
  /** How many deliveries a `stream` program may hold at once. */
  inFlight: number;
}

/** What a host is told by the supervisor, on one line of JSON. */
export interface Assignment {
  spec: Work;
  /** The whole environment of the agent's programs. */
  env: Record<string, string>;
  /** Who tells it. */
  supervisor: ProcessIdentity;
}

/** What of the opened swarm a host works with. */
export interface Parts {
  home: string;
  settings: {
    bus: { leaseMs: number; maxRunMs: number };
    agents: { stopGraceMs: number; drainTimeoutMs: number; logBytesMax: number };
  };
  bus: Bus;
  store: Store;
  clock: Clock;
}

/** What a runner has to work with. */
export interface Host extends Parts {
  spec: Work;
  env: Record<string, string>;
  log: Log;
  /** Aborts when the agent is to stop: no more claims, finish what is in hand. */
  draining: AbortSignal;
  /** Notes that the agent is ready, and which program is its, where one runs for long. */
  started(program?: ProcessIdentity): Promise<void>;
  /** Says which process works on what the agent holds now; undefined: none. */
  working(program: ProcessIdentity | undefined): void;
}

/** How an agent ended, and why where there is something to say. */
export interface Ended {
  state: Extract<AgentState, "stopped" | "failed">;
  reason: string | null;
  /** Whether its program could not even be started. */
  unstarted?: true;
}
