// Strays: processes that were left to us when their parents ended, whatever session they fled to and whatever they
// shed of their environment. A process that can adopt them can also end them.
import { sleep, sleepAwake } from "../core/clock.ts";
import type { ProcessIdentity } from "../core/identity.ts";
import { setFileAside } from "../core/proc.ts";
import { type Subreaper, adopted, becomeSubreaper, strays } from "../core/subreaper.ts";
import { ownChildren, signalProcess } from "./process.ts";
import { type Mark, isMarked, killMarked, untilBegun } from "./survivors.ts";

export interface Shelter {
  /** Takes leave of the strays that have ended by themselves. */
  reap(): void;
  /** Ends every stray: SIGTERM and `graceMs`, then SIGKILL until none is left. How many had to be killed. */
  end(graceMs: number): Promise<number>;
  /** Kills the strays with `mark`, or all of them where nobody else can have left any; every process with that mark where none are taken in. How many. */
  kill(mark: Mark, all: boolean): Promise<number>;
}

/** Has this process take in whoever is orphaned below it from now on; where that cannot be had, nobody. */
export function openShelter(): Shelter {
  setFileAside();
  const subreaper = becomeSubreaper();
  return subreaper === undefined ? closedShelter : shelterOf(subreaper);
}

/** Kills what `leader`, a program of ours that has ended, left of its group, as far as it was left to this process. */
export function killLeftovers({ pid: group }: ProcessIdentity): void {
  // A group that has a member keeps its number from being given to anybody else.
  const isLeft = adopted(ownChildren).some((one) => one.group === group);
  if (!isLeft || ownChildren.has(group)) return;
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // The last of them has just ended.
  }
}

const closedShelter: Shelter = {
  reap() {},
  end: async () => 0,
  kill: (mark) => killMarked(mark),
};

function shelterOf(subreaper: Subreaper): Shelter {
  const left = () => strays(ownChildren);
  // Who was killed, and may not have seen it yet: nobody is killed, or counted, twice.
  const killed = new Set<string>();
  const killAll = (found: () => ProcessIdentity[]): number => {
    const there = new Set(left().map(identityOf));
    for (const one of killed) if (!there.has(one)) killed.delete(one);
    return killFresh(found, killed);
  };
  return {
    reap: () => subreaper.reap(ownChildren),
    async end(graceMs) {
      if (graceMs > 0) {
        for (const one of left()) {
          signalProcess(one, "SIGTERM");
          // A stopped process hears nothing until it is continued.
          signalProcess(one, "SIGCONT");
        }
        const waited = new AbortController();
        void sleepAwake(graceMs, waited.signal).then(() => waited.abort());
        while (!waited.signal.aborted && left().length > 0) await sleep(20);
        waited.abort();
      }
      const count = killAll(left);
      for (let round = 0; round < 100 && left().length > 0; round++) await sleep(10);
      return count;
    },
    async kill(mark, all) {
      if (all) return killAll(left);
      await untilBegun(() => left().map(({ pid }) => pid));
      return killAll(() => left().filter(({ pid }) => isMarked(pid, mark) === true));
    },
  };
}

const looksMax = 1_000;

/** Kills whoever `left` finds, until it finds nobody but those who are `killed`: how many. Those are as good as gone then: nobody who is killed does anything more. */
function killFresh(left: () => ProcessIdentity[], killed: Set<string>): number {
  let count = 0;
  // One that forks while it is looked for can slip through a look, and so does whoever is left by one that ends in the
  // middle of it: all is seen when two looks find the same.
  for (let looks = 0, before: string | undefined; looks < looksMax; looks++) {
    const found = left();
    const now = found.map(identityOf).toSorted().join();
    const fresh = found.filter((one) => !killed.has(identityOf(one)));
    if (fresh.length === 0 && now === before) break;
    for (const one of fresh) {
      signalProcess(one, "SIGKILL");
      killed.add(identityOf(one));
    }
    count += fresh.length;
    before = now;
  }
  return count;
}

function identityOf({ pid, startTime }: ProcessIdentity): string {
  return `${pid} ${startTime}`;
}
