// Growth: how much more a process takes than it did, like compared with like: the same process, after its warm-up, and
// the least that it had in the last quarter of a window against the least in the first. Pure, but for what it remembers.
import type { Reading } from "./decide.ts";

/** What a process had when it was looked at. */
export interface Sampled {
  pid: number;
  startTime: number;
  /** Whose it is, for people. */
  owner: string;
  memoryBytes: number | undefined;
  descriptors: number | undefined;
}

interface Quarter {
  tick: number;
  memory: number;
  descriptors: number;
}

interface Watched {
  subject: string;
  firstTick: number;
  quarters: Quarter[];
}

const parts = 4;

/** Remembers as much of each process as its growth is told from. */
export function openGrowth({
  growthWindowMs,
  warmUpMs,
}: {
  growthWindowMs: number;
  warmUpMs: number;
}) {
  let watched = new Map<string, Watched>();
  let isKnown = false;
  const quarterMs = growthWindowMs / parts;

  return {
    /** Takes what all processes had at `tick`; those that are missing have ended. */
    see(tick: number, processes: readonly Sampled[]): void {
      isKnown = true;
      const next = new Map<string, Watched>();
      for (const { pid, startTime, owner, memoryBytes, descriptors } of processes) {
        const key = `${pid} ${startTime}`;
        const one = watched.get(key) ?? {
          subject: `${owner} ${pid}`,
          firstTick: tick,
          quarters: [],
        };
        next.set(key, one);
        if (tick - one.firstTick < warmUpMs) continue;
        const [memory, files] = [memoryBytes ?? Number.NaN, descriptors ?? Number.NaN];
        const last = one.quarters.at(-1);
        if (last === undefined || tick - last.tick >= quarterMs)
          one.quarters.push({ tick, memory, descriptors: files });
        else {
          last.memory = Math.min(last.memory, memory);
          last.descriptors = Math.min(last.descriptors, files);
        }
        if (one.quarters.length > parts) one.quarters.shift();
      }
      watched = next;
    },
    /** The growth of memory in percent and of descriptors; undefined while nobody has looked at any process. */
    read(): { memory: Reading[]; descriptors: Reading[] } | undefined {
      if (!isKnown) return undefined;
      const all = [...watched.values()];
      return {
        memory: all.map(({ subject, quarters }) => ({
          subject,
          value: grown(
            quarters,
            (first, last) => ((last.memory - first.memory) / first.memory) * 100,
          ),
        })),
        descriptors: all.map(({ subject, quarters }) => ({
          subject,
          value: grown(quarters, (first, last) => last.descriptors - first.descriptors),
        })),
      };
    },
  };
}

export type Growth = ReturnType<typeof openGrowth>;

function grown(
  quarters: readonly Quarter[],
  compare: (first: Quarter, last: Quarter) => number,
): number | null {
  if (quarters.length < parts) return null;
  const value = compare(quarters[0]!, quarters.at(-1)!);
  return Number.isFinite(value) ? value : null;
}
