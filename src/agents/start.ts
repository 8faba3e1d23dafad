// Start: an agent is handed to its host; a swarm starts in the order of what comes after what, so many at once.
import { sleep } from "../core/clock.ts";
import { isSkepError } from "../core/errors.ts";
import { openTurns } from "../core/turns.ts";
import type { Charge } from "./charge.ts";
import { openSignal } from "./charge.ts";
import { type Crew, setState } from "./crew.ts";
import { ended, stays } from "./ended.ts";
import { heldTo } from "./governing.ts";
import { tellHold } from "./governor.ts";
import { identityVariables } from "./hosting.ts";
import { signalProcess } from "./process.ts";
import { endUselessHosts } from "./useless-host.ts";

const usualAtOnce = 16;

/** Starts every one of `charges`, each when the groups it comes after are ready; resolves when all were started, or have to wait no more. */
export async function startAll(crew: Crew, charges: readonly Charge[]): Promise<void> {
  const { startAtOnce = usualAtOnce, startStaggerMs = 0 } = crew.plan;
  const { signal } = crew.supervision;
  const turns = openTurns(() => heldTo(startAtOnce, crew.heldTo));
  const start = async (charge: Charge) => {
    const why = await untilDue(crew, charge);
    if (charge.over.given) return;
    // Those of an order that was in hand when the others were told.
    if (crew.stopping) return await setState(crew, charge, "stopped", null);
    if (why !== undefined) {
      charge.kept = true;
      return await stays(crew, charge, { state: "failed", reason: why }, null);
    }
    // Agents that share a host do not each cost a process.
    if (charge.member.pool !== undefined) {
      crew.startTick = crew.supervision.clock.tick();
      return await startOne(crew, charge);
    }
    await turns.take(async () => {
      if (signal.aborted || crew.stopping || charge.over.given) return;
      crew.startTick = crew.supervision.clock.tick();
      await startOne(crew, charge);
      if (startStaggerMs > 0) await sleep(startStaggerMs, signal);
    });
  };
  await Promise.all(charges.map(start));
}

/** Hands `charge` to a host, unless it was stopped for good meanwhile; resolves when it runs, or has ended. */
export async function startOne(crew: Crew, charge: Charge): Promise<void> {
  if (charge.over.given) return;
  const { member, slot } = charge;
  const { home } = crew.supervision;
  charge.running = openSignal();
  charge.ended = openSignal();
  charge.end = "of itself";
  try {
    const host = await crew.hosting.hostFor(charge);
    if (crew.stopping) {
      // It was on its way when all others were told.
      signalProcess(host, "SIGTERM");
      return await setState(crew, charge, "stopped", null);
    }
    if (charge.over.given) return endUselessHosts(crew, host.label);
    charge.host = host;
    host.agents.add(member.name);
    const common = { SKEP_HOME: home, SKEP_RUN: crew.run.mark };
    const assignment = member.assignment(identityVariables(charge, common));
    if (crew.heldTo < 100) tellHold(crew, host);
    charge.toldTick = crew.supervision.clock.tick();
    host.tell({ order: "start", name: member.name, slot, assignment });
    if (charge.paused) host.tell({ order: "pause", name: member.name });
  } catch (error) {
    if (!isSkepError(error, "E_FAILED")) throw error;
    if (charge.over.given) return;
    // One agent that cannot be started is no reason to stop the others.
    await ended(crew, charge, { state: "failed", reason: error.message, unstarted: true });
  }
  await charge.running.promise;
}

/** Waits until the groups that `charge` comes after are ready: why they never will be; undefined when they are. */
async function untilDue(crew: Crew, { member }: Charge): Promise<string | undefined> {
  const { after = [] } = member;
  for (const charge of crew.charges.values()) {
    if (!after.includes(charge.member.group)) continue;
    await Promise.race([charge.ready.promise, charge.over.promise]);
    if (charge.over.given && charge.state !== "stopped")
      return `${charge.member.name}, which it comes after, ${charge.state}`;
  }
  return undefined;
}
