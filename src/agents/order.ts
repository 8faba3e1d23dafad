// Order: asks the supervisor of the swarm that runs here for something, and waits for its answer.
import { type Clock, sleep } from "../core/clock.ts";
import { SkepError } from "../core/errors.ts";
import type { Store } from "../store/store.ts";
import { type Done, type Wish, isTaken, orderAnswer, placeOrder, withdrawOrder } from "./orders.ts";
import {
  type Run,
  findOpenRun,
  findRun,
  isGoingDown,
  isHalted,
  isSupervised,
  runsAlready,
} from "./runs.ts";

const lookMs = 50;

/** Has the supervisor do what `wish` says: how it went. E_NOT_FOUND when no swarm runs here, or it has no such agent; E_RUNNING when it is going down; E_FAILED when its supervisor dies; E_BUSY when `signal` aborts before it has answered, or when it is stopped. Where the supervisor is stopped or takes its swarm down, the wish is taken back, unless it has begun with it. */
export async function order(
  { store, clock }: { store: Store; clock: Clock },
  wish: Wish,
  signal: AbortSignal,
): Promise<Done> {
  const { run, id } = await store.write(async (tx) => {
    const run = await findOpenRun(tx);
    if (run === undefined || !isSupervised(run, clock.boot, tx.tick)) throw noSwarm();
    if (isGoingDown(run)) throw runsAlready(run, tx.tick);
    return { run, id: await placeOrder(tx, run.id, wish) };
  });
  const isTakenBack = async () => {
    const hasBegun = await store.read((tx) => isTaken(tx, id));
    return !hasBegun && (await store.write((tx) => withdrawOrder(tx, id)));
  };
  // It may have been done in the very moment before its supervisor was stopped, or ended.
  const lastWord = () => store.read((tx) => orderAnswer(tx, id));
  for (;;) {
    const { answer, now } = await store.read(async (tx) => ({
      answer: await orderAnswer(tx, id),
      now: (await findRun(tx, run.id))!,
    }));
    if (answer !== undefined) return answer;
    if (now.state === "stopped") throw noSwarm();
    // A supervisor that takes its swarm down begins with nothing else.
    if (isGoingDown(now) && (await isTakenBack())) throw runsAlready(now, clock.tick());
    if (signal.aborted)
      throw new SkepError("E_BUSY", `${run.swarm} has yet to ${wish.verb} ${wish.subject}`, {
        hint: "It will; skep ps shows when.",
      });
    if (isHalted(run, clock.boot)) {
      // Nothing can be written while it holds the write lock, and what it has begun with is not taken back anyway.
      if (await isTakenBack()) throw halted(run, "and ask again");
      const late = await lastWord();
      if (late !== undefined) return late;
      throw halted(run, `and it goes on to ${wish.verb} ${wish.subject}: it had begun`);
    }
    if (!isSupervised(now, clock.boot, clock.tick())) {
      const late = await lastWord();
      if (late !== undefined) return late;
      throw new SkepError("E_FAILED", `the supervisor of ${run.swarm} died meanwhile`, {
        hint: "Ask again when skep status says that it is back.",
      });
    }
    await sleep(lookMs, signal);
  }
}

function noSwarm(): SkepError {
  return new SkepError("E_NOT_FOUND", "no swarm runs here", { hint: "skep up FILE starts one." });
}

function halted({ swarm, pid }: Run, next: string): SkepError {
  return new SkepError(
    "E_BUSY",
    `the supervisor of ${swarm} (process ${pid}) is stopped, and sees to nothing`,
    { hint: `Let it go on with kill -CONT ${pid}, ${next}.` },
  );
}
