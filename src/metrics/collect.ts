// Collect: what a supervisor hears and samples goes into vitals.db in batches, and what is old goes out of it. Nothing
// else in the swarm waits for any of this, or hears of it when it fails.
import { type Clock, sleep } from "../core/clock.ts";
import { isSkepError } from "../core/errors.ts";
import type { Emitter } from "../core/events.ts";
import type { Store } from "../store/store.ts";
import type { Growth } from "./alerts/growth.ts";
import { hearEvents } from "./hear.ts";
import { ownPoint } from "./own-point.ts";
import type { Point } from "./point.ts";
import { type Measured, recordPoints } from "./record.ts";
import { type Keeping, retainMetrics } from "./retain.ts";
import { type Seen, type Watched, sampleProcesses } from "./sample.ts";

export interface CollectParts {
  clock: Clock;
  events: Emitter;
  vitals(): Promise<Store>;
  /** The processes to sample. */
  watched(): Promise<readonly Watched[]>;
  /** The inboxes that are not empty, and how much of its cap each holds, in percent. */
  depths(): Promise<readonly { inbox: string; depth: number; utilization: number }[]>;
  /** Gets to hear what each process had at the time of a sample. */
  growth: Growth;
  settings: Keeping & { sampleEveryMs: number };
}

/** How many points wait for a file that cannot be written; what comes then is dropped and counted. */
const waitingMax = 20_000;

const batchMax = 5_000;

const retainEveryMs = 60_000;

/** Collects until `signal` aborts, and then writes what it has. */
export async function collectMetrics(parts: CollectParts, signal: AbortSignal): Promise<void> {
  const { clock, events, settings } = parts;
  const buffer = openBuffer(clock);
  const isOn = settings.sampleEveryMs > 0;
  if (isOn) hearEvents(events, clock, buffer.add);
  let seen: Seen = new Map();
  let filled: ReadonlySet<string> = new Set();
  let retainTick = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    await sleep(isOn ? settings.sampleEveryMs : retainEveryMs, signal);
    if (isOn && !signal.aborted)
      await unlessRefused(async () => {
        const sampled = await sampleProcesses(await parts.watched(), seen, clock);
        seen = sampled.seen;
        parts.growth.see(clock.tick(), sampled.sampled);
        for (const point of sampled.points) buffer.add(point);
        const depths = await parts.depths();
        for (const point of depthPoints(depths, filled)) buffer.add(point);
        filled = new Set(depths.map(({ inbox }) => inbox));
      });
    await unlessRefused(() => buffer.writeTo(parts.vitals));
    if (signal.aborted || clock.tick() - retainTick < retainEveryMs) continue;
    retainTick = clock.tick();
    await unlessRefused(async () => retainMetrics(await parts.vitals(), settings, signal));
  }
}

// A full disk, a damaged file or a long wait for a lock is for the next time. Whoever asks for the metrics is told.
async function unlessRefused(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isSkepError(error)) throw error;
  }
}

/** Points of each inbox that has something in it, and once more when it has no more. */
function depthPoints(
  depths: Awaited<ReturnType<CollectParts["depths"]>>,
  filled: ReadonlySet<string>,
): Point[] {
  const now = new Set(depths.map(({ inbox }) => inbox));
  const emptied = [...filled]
    .filter((inbox) => !now.has(inbox))
    .map((inbox) => ({ inbox, depth: 0, utilization: 0 }));
  return [...depths, ...emptied].flatMap(({ inbox, depth, utilization }) => [
    ownPoint("inbox.depth", depth, { tags: { inbox } }),
    ownPoint("inbox.utilization", utilization, { tags: { inbox } }),
  ]);
}

function openBuffer(clock: Pick<Clock, "now">) {
  let waiting: Measured[] = [];
  let dropped = 0;
  return {
    add(point: Point): void {
      if (waiting.length < waitingMax) waiting.push({ ...point, at: clock.now() });
      else dropped++;
    },
    async writeTo(vitals: () => Promise<Store>): Promise<void> {
      while (waiting.length > 0) {
        const [batch, lost] = [waiting.slice(0, batchMax), dropped];
        const said = lost === 0 ? [] : [ownPoint("metrics.dropped", lost)];
        const store = await vitals();
        await store.write((tx) => recordPoints(tx, [...batch, ...said]));
        // What came meanwhile stands behind what is written now.
        waiting = waiting.slice(batch.length);
        dropped -= lost;
      }
    },
  };
}
