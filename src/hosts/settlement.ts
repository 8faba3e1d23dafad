// Settling what a program said: in the transaction of the next claim where it can be, one by one where it must.
import { isPassing } from "../agents/insist.ts";
import type { Delivery } from "../bus/message.ts";
import { type ReceiveOptions, receive } from "../bus/receive.ts";
import { ackTx, nackTx } from "../bus/settle.ts";
import { jitter, sleep } from "../core/clock.ts";
import { isSkepError } from "../core/errors.ts";
import type { WriteTx } from "../store/store.ts";
import type { Answer } from "./answer.ts";
import type { Host } from "./runner.ts";

/** One thing to commit: an ack with its reply, a nack, messages to send. */
export interface Settlement {
  /** What it settles; null when a program only sends something. */
  receipt: string | null;
  /** Whether it puts messages into inboxes, which may be full. */
  sends: boolean;
  commit(tx: WriteTx): Promise<unknown>;
  /** Whether it gives its delivery back: all that is left to try when something else cannot be committed. */
  isRefusal?: boolean;
}

export interface Next {
  max: number;
  waitMs: number;
  signal: AbortSignal;
}

/** How long to wait before trying again what an inbox had no room for. */
export const roomMs = 200;

const pauseMs = 500;

/** Commits `settlements` and claims what comes next for the agent, in one transaction where all of it can be: what was claimed, and which settlements are left. */
export async function settleAndClaim(
  host: Host,
  settlements: readonly Settlement[],
  next: Next,
): Promise<{ deliveries: Delivery[]; left: Settlement[] }> {
  const { bus, spec, log } = host;
  let committed = settlements.length === 0;
  const claim: ReceiveOptions = {
    ...next,
    inbox: spec.inbox,
    holder: spec.name,
    leaseMs: bus.settings.leaseMs,
    stay: true,
  };
  const before = async (tx: WriteTx) => {
    for (const settlement of settlements) await settlement.commit(tx);
    tx.after(() => (committed = true));
  };
  try {
    return { deliveries: await receive(bus, committed ? claim : { ...claim, before }), left: [] };
  } catch (error) {
    if (!isSkepError(error)) throw error;
    // One of them cannot be committed now; each is tried by itself so that it does not hold up the others.
    if (!committed) {
      if (error.code === "E_FULL") log.append(`skep: waiting for room: ${error.message}\n`);
      return { deliveries: [], left: await settleEach(host, settlements) };
    }
    // It may be otherwise soon: a bus that drains opens again, and a lock is let go.
    const isDraining = error.code === "E_DRAINING";
    if (!isDraining && !isPassing(error)) throw error;
    if (!isDraining) log.append(`skep: ${error.message}\n`);
    await sleep(jitter(pauseMs, 0.5), next.signal);
    return { deliveries: [], left: [] };
  }
}

/**
 * Commits `settlements`, in one transaction where all of it can be, and each by itself otherwise: those that are left for
 * later, because an inbox has no room, the bus is drained or the database is locked. One that can never be committed is
 * logged, and its delivery refused for that reason.
 */
export async function settle(
  host: Host,
  settlements: readonly Settlement[],
): Promise<Settlement[]> {
  if (settlements.length < 2) return await settleEach(host, settlements);
  try {
    // On a crowded machine a turn to write is long in coming.
    await commit(host, settlements);
    return [];
  } catch (error) {
    if (!isSkepError(error)) throw error;
    if (!isPassing(error)) return await settleEach(host, settlements);
    host.log.append(`skep: not settled: ${error.message}\n`);
    return [...settlements];
  }
}

async function settleEach(host: Host, settlements: readonly Settlement[]): Promise<Settlement[]> {
  const left: Settlement[] = [];
  for (const [index, settlement] of settlements.entries()) {
    // What is sent later must not overtake what waits for room; what only settles may.
    const refused =
      settlement.sends && left.length > 0 ? "later" : await tryCommit(host, settlement);
    if (refused === "locked") return [...left, ...settlements.slice(index)];
    if (refused === "later") left.push(settlement);
  }
  return left;
}

async function commit(host: Host, settlements: readonly Settlement[]): Promise<void> {
  const all = async (tx: WriteTx) => {
    for (const settlement of settlements) await settlement.commit(tx);
  };
  await host.store.write(all, { essential: true });
}

/** Commits all of `settlements`, waiting for room where an inbox is full. Once the agent is to stop it waits no longer: what is left is given up, and its deliveries are taken back with all the others. */
export async function settleAll(host: Host, settlements: readonly Settlement[]): Promise<void> {
  let left = await settle(host, settlements);
  while (left.length > 0 && !host.draining.aborted) {
    await sleep(jitter(host.pace.stretched(roomMs), 0.5), host.draining);
    left = await settle(host, left);
  }
  if (left.length > 0) host.log.append(`skep: ${left.length} answers found no room in time\n`);
}

/** The ack of the delivery of `receipt` with what its program answers. Work that is done is done, also when nobody waits to hear of it. */
export function acceptance(host: Host, receipt: string, answer: Answer): Settlement {
  const { bus, spec, log } = host;
  return {
    receipt,
    sends: answer.send.length > 0,
    commit: (tx) =>
      ackTx(tx, bus.settings, receipt, {
        from: spec.name,
        ...answer,
        onNobody: ({ message }) =>
          tx.after(() => log.append(`skep: acked without its reply: ${message}\n`)),
      }),
  };
}

/** The refusal of the delivery of `receipt`, which goes to somebody else after a rest. */
export function refusal(host: Host, receipt: string, reason: string, delayMs?: number): Settlement {
  return {
    receipt,
    sends: false,
    isRefusal: true,
    commit: (tx) => nackTx(tx, host.bus.settings, receipt, { reason, delayMs }),
  };
}

async function tryCommit(
  host: Host,
  settlement: Settlement,
): Promise<"later" | "locked" | undefined> {
  const { receipt, isRefusal } = settlement;
  try {
    await commit(host, [settlement]);
    return undefined;
  } catch (error) {
    if (!isSkepError(error)) throw error;
    if (error.code === "E_FULL" || error.code === "E_DRAINING") return "later";
    host.log.append(`skep: not settled: ${error.message}\n`);
    if (isPassing(error)) return "locked";
    // An answer that is too long, say, would otherwise be held until the lease ends. Where not even the refusal can
    // be written, because the database is gone, nothing else helps.
    if (receipt === null || isRefusal || error.code === "E_STALE") return undefined;
    return await tryCommit(host, refusal(host, receipt, error.message));
  }
}
