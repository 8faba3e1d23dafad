// Sample: what a process takes of the machine, as the kernel counts it.
import { sleep } from "../core/clock.ts";
import { type ProcessIdentity, processState } from "../core/identity.ts";
import { idsIn, readProc } from "../core/proc.ts";
import type { Sampled } from "./alerts/growth.ts";
import type { OwnMetric } from "../core/metric-names.ts";
import { ownPoint } from "./own-point.ts";
import type { Point } from "./point.ts";

/** A process to look at: whose it is, and what it is for. */
export interface Watched extends ProcessIdentity {
  agent: string | null;
  tags: Readonly<Record<string, string>>;
}

/** The processor time that each process had at the last look, and when that was. */
export type Seen = ReadonlyMap<string, { cpuMs: number; tick: number }>;

// A look at one takes some 0.1 ms, and whoever looks has other things to do.
const atOnce = 50;

/** What each of `watched` takes, as far as it is still there, and what to come with the next time. Processor time is told from the second look on. */
export async function sampleProcesses(
  watched: readonly Watched[],
  before: Seen,
  clock: { tick(): number },
): Promise<{ points: Point[]; seen: Seen; sampled: Sampled[] }> {
  const points: Point[] = [];
  const sampled: Sampled[] = [];
  const seen = new Map<string, { cpuMs: number; tick: number }>();
  for (const [index, process] of watched.entries()) {
    if (index % atOnce === atOnce - 1) await sleep(0);
    const figures = look(process);
    if (figures === undefined) continue;
    const { cpuMs, ...now } = figures;
    const key = `${process.pid} ${process.startTime}`;
    const tick = clock.tick();
    const last = before.get(key);
    seen.set(key, { cpuMs, tick });
    const { agent, tags } = process;
    const { pid, startTime } = process;
    sampled.push({ pid, startTime, owner: ownerOf(process), ...now });
    const add = (name: OwnMetric, value: number) =>
      points.push(ownPoint(name, value, { agent, tags }));
    if (last !== undefined && tick > last.tick)
      add("process.cpu", ((cpuMs - last.cpuMs) / (tick - last.tick)) * 100);
    if (now.memoryBytes !== undefined) add("process.memory", now.memoryBytes);
    if (now.descriptors !== undefined) add("process.descriptors", now.descriptors);
  }
  return { points, seen, sampled };
}

/** Whose the process is, for people: `counter-1 program`, `supervisor`. */
function ownerOf({ agent, tags }: Watched): string {
  return [agent ?? tags["first"], tags["kind"]].filter(Boolean).join(" ");
}

/** Undefined when the process has ended, or its id is another's by now. */
function look({ pid, startTime }: ProcessIdentity) {
  const state = processState(pid);
  if (state === undefined || state.state === "Z" || state.startTime !== startTime) return undefined;
  return {
    cpuMs: state.cpuMs,
    memoryBytes: tried(() => {
      const kib = /^VmRSS:\s+(\d+) kB/m.exec(readProc(`${pid}/status`))?.[1];
      return kib === undefined ? undefined : Number(kib) * 1024;
    }),
    descriptors: tried(() => idsIn(`${pid}/fd`).length),
  };
}

// It may end in between, and of a program with other rights nobody may see the descriptors.
function tried<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
