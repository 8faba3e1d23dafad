// Ended: what becomes of an agent that has ended. It stays as it is, or starts again after a rest.
import { sleep } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import type { WriteTx } from "../store/store.ts";
import { type Charge, policyOf } from "./charge.ts";
import { type Crew, giveUp, setState } from "./crew.ts";
import { failOver, isLed } from "./failover.ts";
import { readEvidence } from "./evidence.ts";
import type { Ending } from "./host-line.ts";
import { decideRestart, treeRestartsMax, withinPeriod } from "./restart.ts";

/** How an agent ended; `dead` when its host did. */
export type End = Omit<Ending, "state"> & {
  state: Ending["state"] | "dead";
  /** Processes that had to be killed because its host had died. */
  killed?: number;
  /** It did nothing but be where another one failed. */
  blameless?: boolean;
  /** Another one has ended with it, for the same reason. */
  repeats?: boolean;
};

/** Sees to the end of `charge`, and does `also` in the transaction that notes it. */
export async function ended(
  crew: Crew,
  charge: Charge,
  end: End,
  also?: (tx: WriteTx) => Promise<unknown>,
): Promise<void> {
  Object.assign(charge, {
    host: undefined,
    program: undefined,
    startedTick: undefined,
    beatTick: null,
    health: null,
    healthDetail: null,
  });
  for (const signal of [charge.running, charge.ended]) signal.give();
  crew.silenced.set(charge.member.name, crew.supervision.clock.tick());
  const wanted = charge.end;
  charge.end = "of itself";
  if (crew.stopping || wanted === "gone") return await stays(crew, charge, end, null, also);
  if (wanted === "restart") {
    await setState(crew, charge, "starting", null, also);
    return void crew.start(charge);
  }
  const { clock } = crew.supervision;
  const tick = clock.tick();
  if (end.blameless) {
    await setState(crew, charge, "starting", end.reason, also);
    return void crew.start(charge);
  }
  const failure = end.state !== "stopped";
  const evidence = failure ? readEvidence(crew.supervision.home, charge.member.name) : null;
  const policy = policyOf(charge.member);
  const decision = decideRestart(policy, failure, charge.restartTicks, tick, Math.random());
  if ("stays" in decision) {
    if (failure) void crew.record.note(charge.member.name, { evidence });
    return await stays(crew, charge, end, decision.why, also);
  }
  charge.restartTicks = [...withinPeriod(charge.restartTicks, tick, policy.periodMs), tick];
  charge.restarts++;
  void crew.record.note(charge.member.name, { restarts: charge.restarts, evidence });
  // While the machine has too much to do it is left in peace for longer.
  const restMs = (decision.restartInMs * 100) / crew.heldTo;
  const restartInMs = Math.max(decision.restartInMs, Math.min(restMs, policy.backoffMaxMs));
  const why = `starts again in ${formatDuration(restartInMs)}: ${end.reason ?? "it ended"}`;
  await setState(crew, charge, "starting", why, also);
  const { name } = charge.member;
  const { killed = 0 } = end;
  crew.supervision.events.emit("agent.restarting", { name, reason: why, killed });
  // What could not even be started has cost nothing yet: where files or processes run out, the others are to go on.
  if (end.unstarted !== true && end.repeats !== true && isTooMuch(crew, tick))
    return await stays(crew, charge, end, "and the swarm gave up");
  void restartAfter(crew, charge, restartInMs);
}

async function restartAfter(crew: Crew, charge: Charge, ms: number): Promise<void> {
  const rest = new AbortController();
  charge.rest = rest;
  await sleep(ms, AbortSignal.any([rest.signal, crew.over.signal]));
  charge.rest = undefined;
  if (crew.stopping || crew.over.signal.aborted || charge.over.given) return;
  await crew.start(charge);
}

/** Notes that `charge` has ended for good; what a coordinator leaves when it fails is handed over. */
export async function stays(
  crew: Crew,
  charge: Charge,
  { state, reason, killed = 0 }: End,
  why: string | null,
  also?: (tx: WriteTx) => Promise<unknown>,
): Promise<void> {
  // Whoever has failed so often is not only dead.
  const last = why === null ? state : "failed";
  const reasons = [reason, why].filter(Boolean).join("; ") || null;
  const isLost = last !== "stopped" && !crew.stopping && isLed(crew, charge);
  await setState(crew, charge, last, reasons, async (tx) => {
    await also?.(tx);
    if (isLost) await failOver(crew, charge, tx);
  });
  const { name } = charge.member;
  crew.supervision.events.emit("agent.ended", { name, state: last, reason: reasons, killed });
}

/** Counts a restart, and gives the swarm up when there were too many of late: whether it did. */
function isTooMuch(crew: Crew, tick: number): boolean {
  const { restartsMax = treeRestartsMax(crew.charges.size), restartsPeriodMs = 60_000 } = crew.plan;
  crew.restartTicks = [...withinPeriod(crew.restartTicks, tick, restartsPeriodMs), tick];
  if (crew.restartTicks.length <= restartsMax) return false;
  giveUp(crew, `more than ${restartsMax} restarts in ${formatDuration(restartsPeriodMs)}`);
  return true;
}
