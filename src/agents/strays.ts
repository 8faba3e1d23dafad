// Strays: processes that were left to us when their parents ended, whatever session they fled to and whatever they
// shed of their environment. A process that can adopt them can also end them.
import { elapsedMs, sleep } from "../core/clock.ts";
import { type Subreaper, becomeSubreaper, strays } from "../core/subreaper.ts";
import { ownChildren, signalProcess } from "./process.ts";

export interface Shelter {
  /** Takes leave of the strays that have ended by themselves. */
  reap(): void;
  /** Ends every stray: SIGTERM and `graceMs`, then SIGKILL until none is left. How many had to be killed. */
  end(graceMs: number): Promise<number>;
}

/** Has this process take in whoever is orphaned below it from now on; where that cannot be had, nobody. */
export function openShelter(): Shelter {
  const subreaper = becomeSubreaper();
  return subreaper === undefined ? closedShelter : shelterOf(subreaper);
}

const closedShelter: Shelter = { reap() {}, end: async () => 0 };

function shelterOf(subreaper: Subreaper): Shelter {
  const left = () => strays(ownChildren);
  return {
    reap: () => subreaper.reap(ownChildren),
    async end(graceMs) {
      const deadline = elapsedMs() + graceMs;
      if (graceMs > 0) {
        for (const one of left()) {
          signalProcess(one, "SIGTERM");
          // A stopped process hears nothing until it is continued.
          signalProcess(one, "SIGCONT");
        }
        while (elapsedMs() < deadline && left().length > 0) await sleep(20);
      }
      const killed = new Set<number>();
      // One that forks while it is looked for can slip through a round.
      for (let round = 0; round < 100; round++) {
        const found = left();
        if (found.length === 0) break;
        for (const one of found) if (signalProcess(one, "SIGKILL")) killed.add(one.pid);
        await sleep(10);
      }
      return killed.size;
    },
  };
}
