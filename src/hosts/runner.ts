// What a runner works with, and what it answers.
import type { Log } from "../agents/log.ts";
import type { Ending, Report } from "../agents/host-line.ts";
import type { Bus } from "../bus/bus.ts";
import type { Doorbell } from "../bus/doorbell.ts";
import type { Clock } from "../core/clock.ts";
import type { ProcessIdentity } from "../core/identity.ts";
import type { Store } from "../store/store.ts";
import type { Gate } from "./gate.ts";
import type { Pace } from "./pace.ts";
import type { Turns } from "../core/turns.ts";
import type { Spares } from "./spares.ts";

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
  /** Whether its program has a terminal of its own; only with the runner `self`. */
  terminal?: boolean | undefined;
  /** How many deliveries a `stream` program may hold at once. */
  inFlight: number;
  /** Exit statuses of its program that are no failure; left out: 0. */
  successExitCodes?: readonly number[] | undefined;
  /** What makes it ready; left out: that its program runs. A first beat is for its supervisor to see. */
  ready?: Ready | undefined;
  readyTimeoutMs?: number | undefined;
  /** How its program shows that it lives; left out: it need not. */
  live?: Live | null | undefined;
  /** In a pool, how many `exec` programs of one host run at once; left out: any number. */
  atOnce?: number | undefined;
  /** In a pool, how many `stream` programs each host starts ahead; left out: none. */
  spare?: number | undefined;
  /** How long its program may take to end, and how much of its output is kept; left out: the settings say. */
  stopGraceMs?: number | null | undefined;
  logBytesMax?: number | null | undefined;
}

/** That it runs, that it has beaten once, that a line of its output has this text in it, or that a command succeeds. */
export type Ready = "start" | "beat" | { log: string } | { command: readonly string[] };

/** A command that has to succeed, or a beat (which its supervisor looks for). */
export type Live =
  | { command: readonly string[]; everyMs: number; timeoutMs: number; failures: number }
  | { beatMs: number };

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
    agents: {
      stopGraceMs: number;
      drainTimeoutMs: number;
      logBytesMax: number;
      hangTimeoutMs: number;
      beatEveryMs: number;
    };
    governor: { pauseMaxMs: number };
  };
  bus: Bus;
  store: Store;
  clock: Clock;
  /** How long a program that holds nothing may take to leave by itself; a second where it is not said. */
  leaveMs?: number | undefined;
  /** Opens the doorbell of each agent of a host; as any other one where it is not said. */
  openDoorbell?: (() => Doorbell) | undefined;
}

/** What a runner has to work with. */
export interface Host extends Parts {
  spec: Work;
  env: Record<string, string>;
  log: Log;
  /** Aborts when the agent is to stop: no more claims, finish what is in hand. */
  draining: AbortSignal;
  /** Closed while the agent is paused. */
  gate: Gate;
  /** How long it rests between its messages while the machine has too much to do. */
  pace: Pace;
  turns: Turns;
  spares: Spares;
  /** Says that the agent runs, and which program is its, where one runs for long. */
  started(program?: ProcessIdentity): void;
  /** Says which process works on what the agent holds now; undefined: none. */
  working(program: ProcessIdentity | undefined): void;
  /** Ends what the agent's programs that have ended left behind: how many had to be killed. */
  endStrays(): Promise<number>;
}

/** What those who run a host decide about one agent of it. */
export interface Controls extends Pick<
  Host,
  "draining" | "gate" | "pace" | "turns" | "spares" | "endStrays"
> {
  /** Aborts, with why, when its program has to be ended at once. */
  killing: AbortSignal;
  tell(report: Report): void;
}

export type Ended = Ending;
