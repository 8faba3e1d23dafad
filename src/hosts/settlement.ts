// Settling what a program said: in the transaction of the next claim where it can be, alone where it must.
import { handBack } from "../bus/hand-back.ts";
import type { Delivery } from "../bus/message.ts";
import { type ReceiveOptions, receive } from "../bus/receive.ts";
import { jitter, sleep } from "../core/clock.ts";
import { SkepError } from "../core/errors.ts";
import type { WriteTx } from "../store/store.ts";
import type { Host } from "./host.ts";

/** One thing to commit: an ack with its reply, a nack, a send. */
export type Settlement = (tx: WriteTx) => Promise<void>;

export interface Next {
  max: number;
  waitMs: number;
  signal: AbortSignal;
}

/** Commits `settlements` and claims what comes next for the agent of `host`, in one transaction where all of it can be; nothing when nothing came. */
export async function settleAndClaim(
  host: Host,
  settlements: Settlement[],
  next: Next,
): Promise<Delivery[]> {
  const { bus, spec } = host;
  const claim: ReceiveOptions = {
    ...next,
    inbox: spec.inbox,
    holder: spec.name,
    leaseMs: bus.settings.leaseMs,
    stay: true,
  };
  const before = async (tx: WriteTx) => {
    for (const settle of settlements) await settle(tx);
  };
  try {
    return await receive(bus, settlements.length === 0 ? claim : { ...claim, before });
  } catch (error) {
    if (!(error instanceof SkepError)) throw error;
    // The settlements of a bus that drains are committed; it may take claims again later.
    if (error.code === "E_DRAINING") await sleep(jitter(200, 0.5), next.signal);
    // One of them cannot be committed now; each is tried by itself so that it does not hold up the others.
    else if (settlements.length > 0) await settleEach(host, settlements);
    else if (error.code === "E_BUSY") host.log.append(`skep: ${error.message}\n`);
    else throw error;
    return [];
  }
}

/** Commits each of `settlements` by itself, waiting for room where an inbox is full. What can never be committed is logged, and its delivery given back. */
export async function settleEach(host: Host, settlements: Settlement[]): Promise<void> {
  for (const settle of settlements) {
    while (!(await trySettle(host, settle))) await sleep(jitter(200, 0.5));
  }
}

async function trySettle(host: Host, settle: Settlement): Promise<boolean> {
  try {
    await host.store.write(settle);
    return true;
  } catch (error) {
    if (!(error instanceof SkepError)) throw error;
    if (error.code === "E_FULL" || error.code === "E_BUSY") return false;
    host.log.append(`skep: not settled: ${error.message}\n`);
    if (error.code !== "E_STALE") await giveUp(host, error.message);
    return true;
  }
}

// An answer that nobody can be sent, or that is too long, would otherwise be held until the lease ends.
async function giveUp(host: Host, reason: string): Promise<void> {
  await host.store.write((tx) => handBack(tx, host.bus.settings, host.spec.name, "nacked", reason));
}
