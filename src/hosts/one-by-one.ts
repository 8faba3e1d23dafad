// Working on one message after the other, as the exec and module runners do.
import type { Delivery } from "../bus/message.ts";
import type { Ended, Host } from "./runner.ts";
import { type Settlement, settleAll, settleAndClaim } from "./settlement.ts";

const aLongTimeMs = 3_600_000;

/** Has `work` settle each delivery that the agent claims, until the agent is to stop. */
export async function workOneByOne(
  host: Host,
  work: (delivery: Delivery) => Promise<Settlement>,
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
    for (const delivery of deliveries) done.push(await work(delivery));
  }
  await settleAll(host, done);
  return { state: "stopped", reason: null };
}
