// The governor: holds back what skep itself starts while the machine has too much to do, and lets it go again.
import { sleep } from "../core/clock.ts";
import type { Strain } from "../core/strain.ts";
import { type Crew, giveUp } from "./crew.ts";
import { type Decision, decide, unheld } from "./governing.ts";
import { holdLastsMs, noteHold, repeatEveryMs } from "./hold.ts";
import type { HostProcess } from "./host-process.ts";
import { isPassing } from "./insist.ts";
import { type LoadWindow, emptyWindow, lookAtLoad } from "./load-window.ts";
import { checkFence } from "./runs.ts";

const lookEveryMs = 1_000;

/** An agent that was just started goes on to load what it needs. */
const settleMs = 5_000;

/** What is said where the machine gives no sign at all. */
const nothingSaid = "this machine says nothing of its load and its memory";

/** Governs until the run of `crew` is over. */
export async function govern(crew: Crew): Promise<void> {
  const { over, supervision } = crew;
  const { clock, events, settings, strain } = supervision;
  if (settings.governor.mode === "off") return;
  let window: LoadWindow = emptyWindow;
  let decision = unheld(clock.tick());
  let saidTick = clock.tick();
  const first = strain();
  if (isNothing(first)) {
    events.emit("swarm.governed", { level: 100, before: 100, cause: null, reason: nothingSaid });
    await say(crew, { ...decision, reason: nothingSaid });
  }
  while (!over.signal.aborted) {
    await sleep(lookEveryMs, over.signal);
    if (over.signal.aborted) return;
    const tick = clock.tick();
    const now = strain();
    const isStarting = tick - crew.startTick < settleMs;
    const { windowMs } = settings.governor;
    window = lookAtLoad(window, { tick, load: now.load, windowMs, isStarting });
    const before = decision;
    decision = decide(before, { ...now, load: window.mean }, settings.governor, tick);
    const { level, cause, reason } = decision;
    crew.heldTo = level;
    const isChange = level !== before.level || cause !== before.cause;
    if (isChange) {
      events.emit("swarm.governed", { level, before: before.level, cause, reason });
      for (const host of crew.hosting.hosts()) tellHold(crew, host);
    }
    // Whoever holds somebody back and is not heard of again holds nobody back any more.
    if (!isChange && (level === 100 || tick - saidTick < repeatEveryMs)) continue;
    saidTick = tick;
    if (!isChange) for (const host of crew.hosting.hosts()) tellHold(crew, host);
    await say(crew, decision);
  }
}

/** Tells `host` how far it is held back. */
export function tellHold({ heldTo }: Crew, host: HostProcess): void {
  host.tell({ order: "hold", level: heldTo, forMs: holdLastsMs });
}

async function say(crew: Crew, decision: Decision): Promise<void> {
  const { run, supervision } = crew;
  try {
    await supervision.store.write(async (tx) => {
      await checkFence(tx, run.id);
      await noteHold(tx, run.id, decision, tx.tick - decision.tick);
    });
  } catch (error) {
    // What is held back is so all the same; that others see it can wait.
    if (!isPassing(error)) giveUp(crew, error);
  }
}

function isNothing(strain: Strain): boolean {
  return Object.values(strain).every((sign) => sign === null);
}
