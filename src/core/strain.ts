// The strain on this machine: what stands in line for a processor, and how short memory is. On Linux; elsewhere nothing is said.
import { cpus } from "node:os";
import { cgroups, memoryShare, readFile } from "./machine.ts";

/** Each of them null where the machine does not say it. */
export interface Strain {
  /** Tasks that run or wait for a processor, this process apart, in percent of the processors: 400 are four for each. */
  load: number | null;
  /** The share of the last 10 s in which some task waited for memory, in percent. */
  pressure: number | null;
  /** The share of the memory that processes can still have, in percent. */
  memory: number | null;
}

/** A function that answers the strain at the time it is called. */
export function openStrain(): () => Strain {
  // Asked once, for it takes as long as all of the rest.
  const processors = cpus().length;
  return () => ({
    load: loadIn(readFile("/proc/loadavg"), processors),
    pressure: mostPressure([
      "/proc/pressure/memory",
      ...cgroups().map((place) => `${place}/memory.pressure`),
    ]),
    memory: memoryShare(),
  });
}

/** The load by the text of /proc/loadavg, whose fourth field says how many tasks run or wait, the reader among them. */
export function loadIn(loadavg: string, processors: number): number | null {
  const running = /^\S+ \S+ \S+ (\d{1,7})\/\d+ /.exec(loadavg)?.[1];
  if (running === undefined || processors < 1) return null;
  return (Math.max(0, Number(running) - 1) / processors) * 100;
}

/** What the text of a file such as /proc/pressure/memory says of the last 10 s. */
export function pressureIn(text: string): number | null {
  const some = /^some avg10=(\d{1,3}(?:\.\d+)?) /m.exec(text)?.[1];
  return some === undefined ? null : Math.min(100, Number(some));
}

// A container has a figure of its own, which that of the machine does not show.
function mostPressure(paths: readonly string[]): number | null {
  const said = paths.flatMap((path) => pressureIn(readFile(path)) ?? []);
  return said.length === 0 ? null : Math.max(...said);
}
