// The crew: the agents of one run, with all that the parts of their supervisor share.
import type { Clock } from "../core/clock.ts";
import type { Emitter } from "../core/events.ts";
import type { Strain } from "../core/strain.ts";
import type { Store, WriteTx } from "../store/store.ts";
import { type Charge, type Member, type Signal, newCharge, openSignal } from "./charge.ts";
import type { Thresholds } from "./governing.ts";
import type { Hosting } from "./hosting.ts";
import type { Recorder } from "./record.ts";
import { hasEnded } from "./registry.ts";
import type { Ledger } from "./shutdown.ts";
import type { Shelter } from "./strays.ts";
import type { Takeover, Topology } from "./topology.ts";

export interface SwarmPlan {
  name: string;
  file: string;
  members: Member[];
  topology: Topology | "auto";
  addressBook: "closed" | "open";
  /** The names of the groups in the file. */
  groups: string[];
  /** How many hosts start at once, and the pause before the next. */
  startAtOnce?: number | undefined;
  startStaggerMs?: number | undefined;
  /** How many restarts of all agents together within the period are too many. */
  restartsMax?: number | undefined;
  restartsPeriodMs?: number | undefined;
}

export interface Supervision {
  home: string;
  store: Store;
  /** Where signs of life are written down; it may be lost. */
  vitals(): Promise<Store>;
  /** The same as somebody opens it who has not got it open; to be closed. */
  openVitals(): Promise<Store>;
  /** When something was last written there in vain; undefined: never. */
  vitalsRefusedTick(): number | undefined;
  clock: Clock;
  events: Emitter;
  /** What the bus does in the transactions of a run; `app` passes it in. */
  ledger: Ledger;
  settings: {
    stopGraceMs: number;
    drainTimeoutMs: number;
    hangTimeoutMs: number;
    beatEveryMs: number;
    suspectAfterMs: number;
    governor: Thresholds & { mode: "on" | "off"; windowMs: number };
  };
  /** What the machine says of itself. */
  strain(): Strain;
  /** What starts skep, for the hosts. */
  skep: readonly string[];
  /** The process that starts this supervisor again when it is killed. */
  guardianPid?: number | undefined;
  replan: Replan;
  /** Whether it goes on with a run whose supervisor was killed. */
  again?: boolean | undefined;
  /** How many agents some groups have, when that is not what the file says. */
  counts: Record<string, number>;
  /** Aborts when the swarm is to go down; the second one when it is not to wait. */
  signal: AbortSignal;
  urgent: AbortSignal;
}

/** The plan of `file`, with so many agents in each group that is named: as the file is now when it is to be read `anew`, else as it was when it was last applied. `keep` is called once it is. */
export type Replan = (from: {
  file: string;
  counts: Readonly<Record<string, number>>;
  anew: boolean;
}) => Promise<{ plan: SwarmPlan; keep(): void }>;

export interface Crew {
  readonly run: { id: number; mark: string };
  readonly supervision: Supervision;
  plan: SwarmPlan;
  /** Who took over from whom, in the order it happened, as far as it still holds. */
  takeovers: readonly Takeover[];
  readonly charges: Map<string, Charge>;
  readonly hosting: Hosting;
  readonly record: Recorder;
  /** Takes in what a host that died left behind. */
  readonly shelter: Shelter;
  /** Hands an agent to a host; resolves when it runs, or has ended. */
  start(charge: Charge): Promise<void>;
  /** Whether the agents have been told to stop. */
  stopping: boolean;
  /** Aborts when whoever still runs is about to be ended. */
  readonly over: AbortController;
  /** Given when an agent has ended for good, or one is there no more. */
  changed: Signal;
  /** The agents that have ended since signs of life were last written down, and when: what they said until then counts no more. */
  silenced: Map<string, number>;
  /** Since when the lookout has looked without a gap, and beats could be written and read: no silence before counts. */
  awakeTick: number;
  /** Where it last looked for beats; undefined when it has not. */
  vitalsStore: Store | undefined;
  /** Up to when signs of life are written down, and when that of each was last copied to its row. */
  vitalsTick: number;
  copiedTick: Map<string, number>;
  /** How much of what could go on at once does, in percent; when an agent was last started that nothing had happened to. */
  heldTo: number;
  startTick: number;
  /** The ticks of all restarts of late. */
  restartTicks: number[];
  /** Why the swarm cannot go on: for a reason of its own, or for a fault of ours. */
  gaveUp: { reason?: string; fault?: unknown; signal: Signal };
  nextSlot: number;
}

/** Takes `member` into the crew: its charge. `token` proves its name. */
export function enlist(crew: Crew, member: Member, token: string): Charge {
  const charge = newCharge(member, crew.nextSlot++, token);
  crew.charges.set(member.name, charge);
  return charge;
}

/** Notes the state of `charge` and why, and does `also` in the same transaction; resolves when that is committed. */
export async function setState(
  crew: Crew,
  charge: Charge,
  state: Charge["state"],
  reason: string | null,
  also?: (tx: WriteTx) => Promise<unknown>,
): Promise<void> {
  Object.assign(charge, { state, reason });
  if (hasEnded(state)) {
    for (const signal of [charge.running, charge.ready, charge.over]) signal.give();
    crew.changed.give();
    crew.changed = openSignal();
  }
  await crew.record.note(charge.member.name, { state, reason }, also);
}

/** Resolves when every agent has ended for good. */
export async function allOver(crew: Crew): Promise<void> {
  while ([...crew.charges.values()].some(({ over }) => !over.given)) await crew.changed.promise;
}

/** Ends the swarm, for it cannot go on: the reason, or the fault that was thrown. */
export function giveUp({ gaveUp }: Crew, why: unknown): void {
  if (typeof why === "string") gaveUp.reason ??= why;
  else gaveUp.fault ??= why;
  gaveUp.signal.give();
}
