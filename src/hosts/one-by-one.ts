// Working on one message after the other, as the exec and module runners do.
import type { Delivery } from "../bus/message.ts";
import { sleep } from "../core/clock.ts";
import { type Turns, openTurns } from "../core/turns.ts";
import type { Ended, Host } from "./runner.ts";
import { type Settlement, settleAll, settleAndClaim } from "./settlement.ts";

const aLongTimeMs = 3_600_000;

/** Has `work` settle each delivery that the agent claims, when it is its turn where there are `turns`, until the agent is to stop. */
export async function workOneByOne(
  host: Host,
  work: (delivery: Delivery) => Promise<Settlement>,
  turns = openTurns(),
): Promise<Ended> {
  const { draining, gate } = host;
  let done: Settlement[] = [];
  while (!draining.aborted) {
    if (gate.closed) {
      await settleAll(host, done);
      done = [];
      await gate.opened(draining);
      continue;
    }
    const signal = AbortSignal.any([draining, gate.closing]);
    const next = { max: 1, waitMs: aLongTimeMs, signal };
    const { deliveries, left } = await settleAndClaim(host, done, next);
    await settleAll(host, left);
    done = [];
    for (const delivery of deliveries)
      done.push(await atItsPace(host, turns, () => work(delivery)));
  }
  await settleAll(host, done);
  return { state: "stopped", reason: null };
}

/**
 * Does `work` when it is the turn of the agent and it has rested. It rests with the message in hand: what it did before is
 * settled by then, and nobody waits for an answer that is there.
 */
async function atItsPace<T>(
  { draining, pace }: Host,
  turns: Turns,
  work: () => Promise<T>,
): Promise<T> {
  // To stand in line is no rest: whoever has a turn would work all the time.
  const restMs = pace.restMs();
  return await turns.take(async () => {
    if (restMs > 0) await sleep(restMs, draining);
    pace.taken();
    pace.works(true);
    try {
      return await work();
    } finally {
      pace.works(false);
    }
  });
}
