// Drain: the bus takes nothing more, owners finish what they hold, and what is left is parked until `skep resume`.
// The row is all there is to it: whoever comes after its deadline parks, so nobody misses a drainer that was killed.
import { sleep } from "../core/clock.ts";
import { SkepError, isSkepError } from "../core/errors.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";
import { type Bus, lockGraceMs } from "./bus.ts";
import { type Conservation, conservation } from "./inboxes.ts";
import { type Drain, closeIntake, findDrain, isOverdue } from "./intake.ts";
import type { BusSettings } from "./message.ts";
import { parkAll } from "./park.ts";

/** How a drain went. */
export interface DrainSummary {
  parked: number;
  /** How many of the parked were taken back from their holders. */
  returned: number;
  /** How many were held when it began and were settled in time. */
  settled: number;
  /** From its beginning until everything was parked, in milliseconds. */
  ms: number;
  conservation: Conservation;
}

export interface DrainOptions {
  /** How long owners may take to settle, from now. Left out: `usualMs` for a new drain, and one that is in force keeps its deadline. */
  timeoutMs?: number | undefined;
  usualMs: number;
  signal?: AbortSignal | undefined;
  /** Called when the waiting begins, and then at most once a second when fewer leases are left: how many, and for how long they are waited for. */
  onProgress?: ((left: number, leftMs: number) => void) | undefined;
}

const lookMs = 50;
const progressMs = 1_000;

/**
 * Closes the bus, waits until nobody holds anything or the time is over, and parks what is left: how it went. A drain that is in force is
 * joined, and one that is through only told of. E_FAILED when `resume` opens the bus meanwhile; E_BUSY when `signal` aborts, and then the drain goes on without us.
 */
export async function drain(bus: Bus, options: DrainOptions): Promise<DrainSummary> {
  const { signal, onProgress } = options;
  const id = await bus.store.write((tx) => beginDrain(tx, options), { signal, essential: true });
  const shown = { left: 0, tick: Number.NEGATIVE_INFINITY };
  for (;;) {
    const { drain, left, nextTick, summary } = await bus.store.read((tx) => progress(tx, id));
    if (summary !== undefined) return summary;
    const tick = bus.clock.tick();
    if (left === 0 || isOverdue(drain, tick)) {
      await bus.store.write((tx) => parkDrained(tx, bus.settings, id), { signal, essential: true });
      continue;
    }
    if (left !== shown.left && tick - shown.tick >= progressMs) {
      onProgress?.(left, drain.deadlineTick - tick);
      Object.assign(shown, { left, tick });
    }
    if (signal?.aborted)
      throw new SkepError(
        "E_BUSY",
        `the drain goes on: ${left} ${left === 1 ? "is" : "are"} still held`,
        {
          hint: "After its deadline the next command parks what is left; skep resume ends the drain.",
        },
      );
    await sleep(Math.min(lookMs, Math.max(1, nextTick - tick)), signal);
  }
}

/** A drain that is in force, as a person wants to know it. */
export interface DrainStatus extends Pick<Drain, "startedAt" | "parkedAt" | "parked" | "returned"> {
  /** Until when owners may settle, by the wall clock as it is now. */
  until: number;
  /** How many deliveries somebody still holds. */
  left: number;
}

/** How the drain that is in force stands; undefined when there is none. */
export async function drainStatus(tx: ReadTx): Promise<DrainStatus | undefined> {
  const drain = await findDrain(tx);
  if (drain === undefined) return undefined;
  const { startedAt, deadlineTick, parkedAt, parked, returned } = drain;
  const { left } = await held(tx);
  return { startedAt, parkedAt, parked, returned, left, until: tx.now + deadlineTick - tx.tick };
}

/** Parks what is left when the drain that is in force is past its deadline; nothing otherwise, or when the database cannot be written to now: then it is left to whoever comes next. */
export async function parkOverdue({
  store,
  settings,
}: Pick<Bus, "store" | "settings">): Promise<void> {
  const due = await store.read(async (tx) => {
    const drain = await findDrain(tx);
    return drain !== undefined && isOverdue(drain, tx.tick) ? drain.id : undefined;
  });
  if (due === undefined) return;
  try {
    const how = { timeoutMs: lockGraceMs, essential: true };
    await store.write((tx) => parkDrained(tx, settings, due), how);
  } catch (error) {
    if (!isSkepError(error, "E_BUSY", "E_DISK", "E_READONLY")) throw error;
  }
}

/** Parks what is left when a drain is in force and not yet through, whatever its deadline: a boot has made that meaningless. */
export async function parkAtBoot(
  tx: WriteTx,
  settings: Pick<BusSettings, "maxAttempts">,
): Promise<void> {
  const drain = await findDrain(tx);
  if (drain?.parkedAt === null) await park(tx, settings, drain);
}

/** Begins a drain, or joins the one that is in force: its id. */
async function beginDrain(tx: WriteTx, { timeoutMs, usualMs }: DrainOptions): Promise<number> {
  const found = await findDrain(tx);
  const moves = found?.parkedAt === null && timeoutMs !== undefined;
  if (found !== undefined && !moves) return found.id;
  await closeIntake(tx, tx.tick + (timeoutMs ?? usualMs), "drain");
  return (await findDrain(tx))!.id;
}

/** Parks for the drain `id`, once: when its time is over, or nobody holds anything any more. */
async function parkDrained(
  tx: WriteTx,
  settings: Pick<BusSettings, "maxAttempts">,
  id: number,
): Promise<void> {
  const drain = await findDrain(tx);
  if (drain?.id !== id || drain.parkedAt !== null) return;
  // Another one may have given it more time since we looked.
  if (isOverdue(drain, tx.tick) || (await held(tx)).left === 0) await park(tx, settings, drain);
}

async function park(
  tx: WriteTx,
  settings: Pick<BusSettings, "maxAttempts">,
  { id }: Drain,
): Promise<void> {
  const { parked, returned } = await parkAll(tx, settings, null);
  await tx.run(
    "update drains set parked_at = $now, parked = $parked, returned = $returned where id = $id",
    { id, parked, returned, now: tx.now },
  );
}

/** How many deliveries somebody holds, and when the lease of the next of them runs out. One that ran out is nobody's to wait for. */
async function held(tx: ReadTx): Promise<{ left: number; leaseTick: number | null }> {
  const row = await tx.get<{ left: number; leaseTick: number | null }>(
    `select count(*) as left, min(lease_tick) as leaseTick
       from deliveries where state = 'leased' and lease_tick > $tick`,
    { tick: tx.tick },
  );
  return row!;
}

interface Progress {
  drain: Drain;
  left: number;
  /** When there may be something to do without anybody's settling. */
  nextTick: number;
  /** There once everything is parked. */
  summary?: DrainSummary;
}

async function progress(tx: ReadTx, id: number): Promise<Progress> {
  const drain = await findDrain(tx);
  if (drain?.id !== id)
    throw new SkepError("E_FAILED", "the drain was ended by skep resume before it was through", {
      hint: "The bus is open again.",
    });
  const { left, leaseTick } = await held(tx);
  const nextTick = Math.min(drain.deadlineTick, leaseTick ?? Number.POSITIVE_INFINITY);
  const { startedAt, leased, parkedAt, parked, returned } = drain;
  if (parkedAt === null) return { drain, left, nextTick };
  const summary = {
    parked: parked!,
    returned: returned!,
    settled: Math.max(0, leased - returned!),
    ms: Math.max(0, parkedAt - startedAt),
    conservation: await conservation(tx),
  };
  return { drain, left, nextTick, summary };
}
