// Who is left of a home: everybody with its mark in the environment, and everybody who was orphaned below this process,
// whatever became of the mark.
import { readFileSync, readdirSync } from "node:fs";
import { ownChildren, signalProcess } from "../../src/agents/process.ts";
import { sleep } from "../../src/core/clock.ts";
import { type ProcessIdentity, processState } from "../../src/core/identity.ts";
import { type Subreaper, becomeSubreaper, strays } from "../../src/core/subreaper.ts";

/** One process of a home. */
export interface Found extends ProcessIdentity {
  command: string;
  /** The words of its command line. */
  words: string[];
  how: "marked" | "orphaned";
}

let subreaper: Subreaper | undefined;

/** Has this process take in whoever is orphaned below it, and take leave of those that have ended until the function that it answers is called. */
export function takeIn(): () => void {
  subreaper ??= becomeSubreaper();
  if (subreaper === undefined)
    throw new Error("this system does not let a process take in orphans");
  // Other proofs have children that are not noted: where they come to hear of their ends late, it would be faster.
  const reaping = setInterval(() => subreaper!.reap(ownChildren), 1_000);
  reaping.unref();
  return () => clearInterval(reaping);
}

/** Every live process with the mark of `home`. */
export function markedBy(home: string): Found[] {
  const mark = `\0SKEP_HOME=${home}\0`;
  const found: Found[] = [];
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    if (!`\0${read(pid, "environ")}`.includes(mark)) continue;
    const one = look(pid, "marked");
    if (one !== undefined) found.push(one);
  }
  return found;
}

/** How many children of `parent` have ended, and were not taken leave of. */
export function zombiesOf(parent: number): number {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  const states = pids.flatMap((pid) => processState(pid) ?? []);
  return states.filter((one) => one.parent === parent && one.state === "Z").length;
}

/** Who is left of `home`, given some time for those that are just ending, which is no time at all where nobody is. */
export async function processesOf(home: string): Promise<Found[]> {
  for (let waitedMs = 0; ; waitedMs += 50) {
    const found = everybody(home);
    if (!found.some((one) => isDying(one) || waitedMs < patienceMs) || waitedMs >= longestMs)
      return found;
    await sleep(50);
  }
}

// Who was killed is there until it gets a processor once more.
const patienceMs = 10_000;
const longestMs = 100_000;

/** Whether it was killed, and has only not come to its end yet. */
function isDying({ pid }: Found): boolean {
  const masks = [...read(pid, "status").matchAll(/^(?:Sig|Shd)Pnd:\t(\w+)$/gm)];
  return masks.some(([, mask]) => (BigInt(`0x${mask}`) & killed) !== 0n);
}

// SIGKILL is the ninth.
const killed = 1n << 8n;

/** Kills who is left of `home`. */
export function forget(home: string): void {
  for (let round = 0; round < 50; round++) {
    const found = everybody(home);
    if (found.length === 0) return;
    for (const one of found) signalProcess(one, "SIGKILL");
    Bun.sleepSync(20);
  }
}

function everybody(home: string): Found[] {
  const marked = markedBy(home);
  const known = new Set(marked.map(({ pid }) => pid));
  const orphans = strays(ownChildren).filter(({ pid }) => !known.has(pid));
  return [...marked, ...orphans.flatMap(({ pid }) => look(pid, "orphaned") ?? [])];
}

function look(pid: number, how: Found["how"]): Found | undefined {
  const state = processState(pid);
  if (state === undefined || state.state === "Z") return undefined;
  const words = read(pid, "cmdline").split("\0").slice(0, -1);
  return { pid, startTime: state.startTime, command: words.join(" "), words, how };
}

function read(pid: number, file: "environ" | "cmdline" | "status"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    // Gone meanwhile.
    return "";
  }
}
