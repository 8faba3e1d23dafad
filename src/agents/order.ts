// Order: asks the supervisor of the swarm that runs here for something, and waits for its answer.
import { type Clock, sleep } from "../core/clock.ts";
import { SkepError } from "../core/errors.ts";
import type { Store } from "../store/store.ts";
import { type Done, type Wish, isTaken, orderAnswer, placeOrder, withdrawOrder } from "./orders.ts";
import { type Run, findOpenRun, isHalted, isSupervised } from "./runs.ts";

const lookMs = 50;

/** Has the supervisor do what `wish` says: how it went. E_NOT_FOUND when no swarm runs here, or it has no such agent; E_FAILED when its supervisor dies; E_BUSY when `signal` aborts before it has answered, or when it is stopped: then the wish is taken back, unless it has begun with it. */
export async function order(
  { store, clock }: { store: Store; clock: Clock },
  wish: Wish,
  signal: AbortSignal,
): Promise<Done> {
  const run = await store.read(findOpenRun);
  if (run === undefined || !isSupervised(run, clock.boot, clock.tick()))
    throw new SkepError("E_NOT_FOUND", "no swarm runs here", { hint: "skep up FILE starts one." });
  const id = await store.write((tx) => placeOrder(tx, run.id, wish));
  for (;;) {
    const answer = await store.read((tx) => orderAnswer(tx, id));
    if (answer !== undefined) return answer;
    if (signal.aborted)
      throw new SkepError("E_BUSY", `${run.swarm} has yet to ${wish.verb} ${wish.subject}`, {
        hint: "It will; skep ps shows when.",
      });
    if (isHalted(run, clock.boot)) {
      // Nothing can be written while it holds the write lock, and what it has begun with is not taken back anyway.
      const hasBegun = await store.read((tx) => isTaken(tx, id));
      if (!hasBegun && (await store.write((tx) => withdrawOrder(tx, id))))
        throw halted(run, "and ask again");
      // It may have been done in the very moment before the stop.
      const late = await store.read((tx) => orderAnswer(tx, id));
      if (late !== undefined) return late;
      throw halted(run, `and it goes on to ${wish.verb} ${wish.subject}: it had begun`);
    }
    if (!isSupervised(run, clock.boot, clock.tick()))
      throw new SkepError("E_FAILED", `the supervisor of ${run.swarm} died meanwhile`, {
        hint: "Ask again when skep status says that it is back.",
      });
    await sleep(lookMs, signal);
  }
}

function halted({ swarm, pid }: Run, next: string): SkepError {
  return new SkepError(
    "E_BUSY",
    `the supervisor of ${swarm} (process ${pid}) is stopped, and sees to nothing`,
    { hint: `Let it go on with kill -CONT ${pid}, ${next}.` },
  );
}
