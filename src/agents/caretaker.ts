// The caretaker: sees that the files of the swarm lie where they lay, and does what keeps them safe.
import { sleep } from "../core/clock.ts";
import { type Crew, giveUp } from "./crew.ts";
import { isPassing } from "./insist.ts";

const everyMs = 500;

/** Looks after the store until the run of `crew` is over, and ends the swarm when its files are not there any more: what it wrote would be seen by nobody. */
export async function takeCare(crew: Crew): Promise<void> {
  const { over, supervision } = crew;
  while (!over.signal.aborted) {
    try {
      await supervision.store.keep();
    } catch (error) {
      if (!isPassing(error)) return giveUp(crew, error);
    }
    await sleep(everyMs, over.signal);
  }
}
