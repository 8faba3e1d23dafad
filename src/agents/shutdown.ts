// The end of a run: park what is left, end every process it started, and say whether all adds up.
import { type Clock, sleep } from "../core/clock.ts";
import { SkepError } from "../core/errors.ts";
import { type ProcessIdentity, isAlive } from "../core/identity.ts";
import type { ReadTx, Store, WriteTx } from "../store/store.ts";
import { isPassing } from "./insist.ts";
import { hasEnded, listAgents, noteChange, programsOf } from "./registry.ts";
import {
  type Run,
  closeRun,
  findOpenRun,
  findRun,
  guardianOf,
  isOfHere,
  isSupervised,
  runsAlready,
} from "./runs.ts";
import type { Route } from "./address-book.ts";
import type { Member } from "./charge.ts";
import type { Announcement } from "./record.ts";
import { endMarked } from "./survivors.ts";

/** What a run has the bus do, inside the run's own transactions. */
export interface Ledger {
  /** Lets the intake be opened and what earlier runs parked be brought back, and takes `newcomers` in. E_DRAINING when the bus is drained. */
  begin(tx: WriteTx, newcomers: Newcomers): Promise<void>;
  /** Creates inboxes for agents, takes back what anybody holds under their names from before, and closes the address book or leaves it open. */
  takeIn(tx: WriteTx, newcomers: Newcomers): Promise<void>;
  /** Has those of `inboxes` that are there take nothing new while the address book is closed, until somebody is taken in for them. */
  retire(tx: WriteTx, inboxes: readonly string[]): Promise<void>;
  /** Sets who reaches whom, and the limits of what `members` get and send. */
  setRoutes(tx: WriteTx, routes: readonly Route[]): Promise<void>;
  setLimits(tx: WriteTx, members: readonly Member[]): Promise<void>;
  /** How much nobody has settled in each of `inboxes`. */
  unsettled(tx: ReadTx, inboxes: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Moves all of that from one inbox to another: how much. */
  handover(tx: WriteTx, handover: { from: string; to: string; reason: string }): Promise<number>;
  /** Stops claims and sends; who holds something may settle it until `deadlineTick`. */
  stopIntake(tx: WriteTx, deadlineTick: number): Promise<void>;
  /** Gives back what the agent `name` held when it died. */
  handBack(tx: WriteTx, name: string, reason: string): Promise<void>;
  /** Forgets that the process `pid` waited for anything. */
  forgetWaiter(tx: WriteTx, pid: number): Promise<void>;
  /** Parks what is left in `inboxes` under `run`: how many were parked, and how many of them were leased. */
  park(tx: WriteTx, run: number, inboxes: ReadonlySet<string>): Promise<Parked>;
  /** Opens the intake and the address book: the bus is anybody's again. */
  end(tx: WriteTx): Promise<void>;
  /** Those of `names` that hold something. */
  holdersAmong(tx: ReadTx, names: readonly string[]): Promise<ReadonlySet<string>>;
  /** Tells whoever is subscribed how agents have changed. */
  announce(tx: WriteTx, announcements: readonly Announcement[]): Promise<void>;
  /** The sum over all inboxes. */
  conservation(tx: ReadTx): Promise<Conservation>;
}

/** Agents that a run begins with, or gets later. */
export interface Newcomers {
  names: readonly string[];
  inboxes: readonly string[];
  addressBook: "closed" | "open";
}

export interface Parked {
  parked: number;
  returned: number;
}

export interface Conservation {
  in: number;
  live: number;
  ended: number;
  holds: boolean;
}

/** How a run went. */
export interface Summary extends Parked {
  run: number;
  agents: { stopped: number; failed: number; dead: number };
  /** Processes that had to be killed after the grace time. */
  killed: number;
  /** From the beginning of the drain to here, in milliseconds. */
  drainMs: number;
  conservation: Conservation;
  /** Whether `skep down` asked for the stop. */
  stopAsked: boolean;
  /** Why the swarm gave up; null when it did not. */
  gaveUp: string | null;
}

/** What of the opened swarm ending a run needs. */
export interface RunParts {
  store: Store;
  clock: Clock;
  ledger: Ledger;
  settings: { stopGraceMs: number };
  /** Aborts when nobody wants to wait for the programs. */
  urgent?: AbortSignal;
}

/**
 * Parks what is left of `run`, ends what it started, and closes it: how it went, also when somebody else was faster.
 * `startTick` is when its drain began, `gaveUp` why it could not go on. Done again from the start when a kill cut it short.
 */
export async function finishRun(
  run: Pick<Run, "id" | "mark" | "boot" | "namespace">,
  parts: RunParts,
  startTick: number,
  gaveUp: string | null = null,
): Promise<Summary> {
  const { store, clock, ledger, settings, urgent } = parts;
  const first = await store.write(async (tx) => {
    const open = await findOpenRun(tx);
    // Another one may have finished this run and even begun the next.
    if (open?.id !== run.id) return undefined;
    // Or its supervisor, which was taken for dead, has said a word while we waited for the lock.
    const isOurs = open.pid === process.pid && isOfHere(open, clock.boot);
    if (!isOurs && isSupervised(open, clock.boot, tx.tick)) throw runsAlready(open, tx.tick);
    await ledger.stopIntake(tx, tx.tick);
    // Process ids of another boot, or of another container, mean nothing.
    const programs = isOfHere(run, clock.boot) ? programsOf(await listAgents(tx)) : [];
    return { ...(await ledger.park(tx, run.id, await inboxesOf(tx))), programs };
  }, essential);
  if (first === undefined) return await summaryOf(run.id, store);
  const mark = { run: run.mark, programs: first.programs };
  const killed = await endMarked(mark, settings.stopGraceMs, urgent);
  const closed = await store.write(async (tx) => {
    if (!(await isOpen(tx, run.id))) return false;
    const agents = await endAgents(tx);
    // A host that would not hurry may have committed what its program had sent.
    const late = await ledger.park(tx, run.id, await inboxesOf(tx));
    await ledger.end(tx);
    const summary: Summary = {
      run: run.id,
      agents,
      parked: first.parked + late.parked,
      returned: first.returned + late.returned,
      killed,
      drainMs: clock.tick() - startTick,
      conservation: await ledger.conservation(tx),
      stopAsked: (await findRun(tx, run.id))?.stopAskedAt != null,
      gaveUp,
    };
    await closeRun(tx, run.id, JSON.stringify(summary));
    return true;
  }, essential);
  if (closed) await copyBack(store);
  return await summaryOf(run.id, store);
}

// A run ends also where the disk is full.
const essential = { essential: true } as const;

/** Copies the log back, unless there is no room for it: what is in the log is as safe. */
async function copyBack(store: Store): Promise<void> {
  try {
    await store.checkpoint();
  } catch (error) {
    if (!isPassing(error)) throw error;
  }
}

/** Finishes the run that is open here, if its supervisor is dead and nobody else is about to start it again: how it went, or undefined when none is open. E_RUNNING when it is alive, or its guardian is; a guardian may have it done itself. `gaveUp` is why the run could not go on. */
export async function reapDeadRun(
  parts: RunParts,
  gaveUp: string | null = null,
): Promise<Summary | undefined> {
  const { store, clock } = parts;
  const run = await store.read(findOpenRun);
  if (run === undefined) return undefined;
  if (isSupervised(run, clock.boot, clock.tick())) throw runsAlready(run, clock.tick());
  const guardian = guardianOf(run, clock.boot);
  if (guardian !== undefined && guardian.pid !== process.ppid && (await staysAlive(guardian)))
    throw new SkepError(
      "E_RUNNING",
      `the supervisor of ${run.swarm} was killed, and its guardian (process ${guardian.pid}) is about to start it again`,
      { hint: "skep down stops it for good; skep status says when it is back." },
    );
  return await finishRun(run, parts, clock.tick(), gaveUp);
}

const dyingMs = 500;

/** Whether the process is still there after a moment: one that was killed with its supervisor may only be on its way out. */
async function staysAlive(guardian: ProcessIdentity): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < dyingMs; waitedMs += 20) {
    if (!isAlive(guardian)) return false;
    await sleep(20);
  }
  return isAlive(guardian);
}

/** The inboxes that the agents work on: what lies in others is not theirs to park. */
async function inboxesOf(tx: ReadTx): Promise<Set<string>> {
  return new Set((await listAgents(tx)).flatMap(({ name, inbox }) => [name, inbox]));
}

async function isOpen(tx: ReadTx, run: number): Promise<boolean> {
  return (await findOpenRun(tx))?.id === run;
}

async function summaryOf(run: number, store: Store): Promise<Summary> {
  const { summary } = (await store.read((tx) => findRun(tx, run)))!;
  return JSON.parse(summary!) as Summary;
}

async function endAgents(tx: WriteTx): Promise<Summary["agents"]> {
  const counts = { stopped: 0, failed: 0, dead: 0 };
  for (const { name, state } of await listAgents(tx)) {
    if (!hasEnded(state))
      await noteChange(tx, name, { state: "stopped", reason: "the swarm went down" });
    counts[hasEnded(state) ? state : "stopped"]++;
  }
  return counts;
}
