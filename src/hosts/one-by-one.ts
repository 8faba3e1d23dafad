// Working on one message after the other, as the exec and module runners do.
import type { Delivery } from "../bus/message.ts";
import { sleep } from "../core/clock.ts";
import { openTurns } from "../core/turns.ts";
import type { Ended, Host } from "./runner.ts";
import { type Settlement, settle, settleAll, settleAndClaim } from "./settlement.ts";

const aLongTimeMs = 3_600_000;

/**
 * Has `work` settle each delivery that the agent claims, when it is its turn where there are `turns`, until the agent is to
 * stop. It rests with nothing in hand: what it did is settled by then, and what comes next anybody else may take meanwhile.
 */
export async function workOneByOne(
  host: Host,
  work: (delivery: Delivery) => Promise<Settlement>,
  turns = openTurns(),
): Promise<Ended> {
  const { draining, gate, pace } = host;
  let done: Settlement[] = [];
  while (!draining.aborted) {
    if (gate.closed) {
      await settleAll(host, done);
      done = [];
      await gate.opened(draining);
      continue;
    }
    if (pace.restMs() > 0) {
      await settleAll(host, done);
      done = [];
      await rest(host);
      continue;
    }
    const signal = AbortSignal.any([draining, gate.closing]);
    const next = { max: 1, waitMs: aLongTimeMs, signal };
    const { deliveries, left } = await settleAndClaim(host, done, next);
    await settleAll(host, left);
    done = [];
    for (const delivery of deliveries)
      done.push(...(await turns.take(() => workThenRest(host, () => work(delivery)))));
  }
  await settleAll(host, done);
  return { state: "stopped", reason: null };
}

/** Does `work`, settles it and rests where the agent is held back: what is still to be settled. */
async function workThenRest(
  host: Host,
  work: () => Promise<Settlement>,
): Promise<readonly Settlement[]> {
  const { pace } = host;
  pace.taken();
  pace.works(true);
  let settlement: Settlement;
  try {
    settlement = await work();
  } finally {
    pace.works(false);
  }
  if (pace.restMs() === 0) return [settlement];
  const left = await settle(host, [settlement]);
  // Whoever is to make the room that it waits for may need the turn.
  if (left.length > 0) return left;
  // The turn is kept meanwhile: to stand in line is no rest, and whoever has a turn would work all the time.
  await rest(host);
  return [];
}

async function rest({ draining, gate, pace }: Host): Promise<void> {
  await sleep(pace.restMs(), AbortSignal.any([draining, gate.closing]));
}
