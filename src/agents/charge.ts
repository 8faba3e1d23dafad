// A charge: one agent in the care of its supervisor, and where it is in its life.
import { type Secret, secret } from "../core/secret.ts";
import type { ProcessIdentity } from "../core/identity.ts";
import type { HostProcess } from "./host-process.ts";
import type { AgentState } from "./registry.ts";
import { type RestartPolicy, usualRestart } from "./restart.ts";

/** One agent to run, as its supervisor needs to know it. */
export interface Member {
  name: string;
  /** The group of the swarm file that it belongs to. */
  group: string;
  runner: string;
  inbox: string;
  role: "coordinator" | "worker";
  team: string | null;
  /** Limits of its inbox and of what it sends, for `app` to know. */
  limits: object;
  cwd: string;
  /** The environment of its host. */
  hostEnv: Record<string, string>;
  /** What its host is told, given what every program of the agent carries in its environment. */
  assignment(identity: Record<string, string>): unknown;
  /** Two members with the same signature are the same to whoever runs them. */
  signature: string;
  restart?: RestartPolicy | undefined;
  /** The groups that have to be ready before it starts. */
  after?: readonly string[] | undefined;
  /** How many host processes its group shares; left out: each agent has one of its own. */
  pool?: number | undefined;
  /** Its first beat makes it ready, and it is ended when it does not beat for that long. */
  readyByBeat?: { timeoutMs: number } | undefined;
  liveBeatMs?: number | undefined;
}

export interface Charge {
  member: Member;
  /** A number of its own among those of its run. */
  readonly slot: number;
  readonly token: Secret;
  state: AgentState;
  reason: string | null;
  /** The state that it was in when it became suspect. */
  before: AgentState;
  host: HostProcess | undefined;
  /** The program that runs for it, or works on a message of its for a while already. */
  program: ProcessIdentity | undefined;
  paused: boolean;
  /** Resolves when a pause has reached its host. */
  pausing: Signal;
  /** The label of the host that it is handed to, when a host that it shared may have died of it; null: as its group says. */
  apart: string | null;
  /** Whether it was never started, because one that it comes after had failed. */
  kept: boolean;
  /** What its end means: that it failed or finished; that it is to start anew; that it is not wanted any more. */
  end: "of itself" | "restart" | "gone";
  /** The ticks of its restarts, and how many there were. */
  restartTicks: number[];
  restarts: number;
  /** Aborts the rest before its next start. */
  rest: AbortController | undefined;
  /** When its host was last told to start it: what it said before that, it said in another life. */
  toldTick: number;
  /** When its host said that it runs; undefined while it does not. */
  startedTick: number | undefined;
  /** When it, or its host, last gave a sign of life; null: not yet. */
  beatTick: number | null;
  /** What it last said of itself. */
  health: string | null;
  healthDetail: string | null;
  /** Resolves when it runs, or has ended. */
  running: Signal;
  /** Resolves when it has ended, for now or for good. */
  ended: Signal;
  /** Resolves when it is ready, or has ended for good. */
  ready: Signal;
  /** Resolves when it has ended for good. */
  over: Signal;
}

/** A promise and what resolves it. */
export interface Signal {
  readonly promise: Promise<void>;
  readonly given: boolean;
  give(): void;
}

/** A signal that was not given yet. */
export function openSignal(): Signal {
  let give!: () => void;
  let given = false;
  const promise = new Promise<void>((resolve) => (give = resolve));
  return {
    promise,
    get given() {
      return given;
    },
    give() {
      given = true;
      give();
    },
  };
}

/** A charge that is about to start. */
export function newCharge(member: Member, slot: number, token: string): Charge {
  return {
    member,
    slot,
    token: secret(token),
    state: "starting",
    reason: null,
    before: "starting",
    host: undefined,
    program: undefined,
    paused: false,
    pausing: openSignal(),
    apart: null,
    kept: false,
    end: "of itself",
    restartTicks: [],
    restarts: 0,
    rest: undefined,
    toldTick: Number.POSITIVE_INFINITY,
    startedTick: undefined,
    beatTick: null,
    health: null,
    healthDetail: null,
    running: openSignal(),
    ended: openSignal(),
    ready: openSignal(),
    over: openSignal(),
  };
}

/** Has `charge`, which had ended for good, be about to start again. */
export function revive(charge: Charge): void {
  charge.ready = openSignal();
  charge.over = openSignal();
  charge.kept = false;
}

/** The restart policy of `member`. */
export function policyOf({ restart = usualRestart }: Member): RestartPolicy {
  return restart;
}
