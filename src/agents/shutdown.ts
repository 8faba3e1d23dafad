// The end of a run: park what is left, end every process it started, and say whether all adds up.
import { SkepError } from "../core/errors.ts";
import type { Clock } from "../core/clock.ts";
import type { Store, WriteTx, ReadTx } from "../store/store.ts";
import { type AgentState, hasEnded, listAgents, noteState } from "./registry.ts";
import { type Run, closeRun, findOpenRun, isSupervised } from "./runs.ts";
import { endMarked } from "./survivors.ts";

/** What a run has the bus do, inside the run's own transactions. */
export interface Ledger {
  /** Creates `inboxes`, brings back what earlier runs parked, opens the intake and closes the address book. */
  begin(tx: WriteTx, inboxes: string[]): Promise<void>;
  /** Stops claims and sends; who holds something may settle it until `deadlineTick`. */
  stopIntake(tx: WriteTx, deadlineTick: number): Promise<void>;
  /** Gives back what the agent `name` held when it died. */
  handBack(tx: WriteTx, name: string, reason: string): Promise<void>;
  /** Forgets that the process `pid` waited for anything. */
  forgetWaiter(tx: WriteTx, pid: number): Promise<void>;
  /** Parks all that is left under `run`, opens the intake and the address book: how many were parked, and how many of them were leased. */
  park(tx: WriteTx, run: number): Promise<{ parked: number; returned: number }>;
  /** The sum over all inboxes. */
  conservation(tx: ReadTx): Promise<Conservation>;
}

export interface Conservation {
  in: number;
  live: number;
  ended: number;
  holds: boolean;
}

/** How a run went. */
export interface Summary {
  run: number;
  agents: { stopped: number; failed: number; dead: number };
  parked: number;
  returned: number;
  /** Processes that had to be killed after the grace time. */
  killed: number;
  /** From the beginning of the drain to here, in milliseconds. */
  drainMs: number;
  conservation: Conservation;
  /** Whether `skep down` asked for the stop. */
  stopAsked: boolean;
}

/** What of the opened swarm ending a run needs. */
export interface RunParts {
  store: Store;
  clock: Clock;
  ledger: Ledger;
  settings: { stopGraceMs: number };
  urgent?: AbortSignal;
}

/** Parks what is left of `run`, ends what it started, and closes it. `startTick` is when its drain began. */
export async function finishRun(
  run: Pick<Run, "id" | "mark">,
  parts: RunParts,
  startTick: number,
): Promise<Summary> {
  const { store, clock, ledger, settings, urgent } = parts;
  const { parked, returned } = await store.write((tx) => ledger.park(tx, run.id));
  const killed = await endMarked({ run: run.mark }, settings.stopGraceMs, urgent);
  const summary = await store.write(async (tx) => {
    const agents = { stopped: 0, failed: 0, dead: 0 };
    for (const { name, state } of await listAgents(tx)) {
      const ended: AgentState = hasEnded(state) ? state : "stopped";
      await noteState(tx, name, ended, "the swarm went down");
      agents[ended as keyof typeof agents]++;
    }
    const conservation = await ledger.conservation(tx);
    const drainMs = clock.tick() - startTick;
    const stopAsked = (await findOpenRun(tx))?.stopAskedAt != null;
    const whole: Summary = {
      run: run.id,
      agents,
      parked,
      returned,
      killed,
      drainMs,
      conservation,
      stopAsked,
    };
    await closeRun(tx, run.id, JSON.stringify(whole));
    return whole;
  });
  await store.checkpoint();
  return summary;
}

/** Finishes the run that is open here, if its supervisor is dead: what it left, or undefined when there is nothing to do. E_RUNNING when it is alive. */
export async function reapDeadRun(parts: RunParts): Promise<Summary | undefined> {
  const { store, clock } = parts;
  const run = await store.read(findOpenRun);
  if (run === undefined) return undefined;
  if (isSupervised(run, clock.boot))
    throw new SkepError(
      "E_RUNNING",
      `the swarm ${run.swarm} runs here already, under process ${run.pid}`,
      {
        hint: "skep down stops it; another --home takes another swarm.",
      },
    );
  return await finishRun(run, parts, clock.tick());
}
