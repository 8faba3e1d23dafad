// Retention: the past is forgotten by whoever is there, a bounded turn now and then, so that the file stays bounded with
// nothing but short-lived commands running, and what expired where nobody looks ends. Each 256th id brings a turn about,
// and a turn takes up to 500 rows away: more than has come since the last one.
import { jitter, sleep } from "../core/clock.ts";
import { SkepError, isSkepError } from "../core/errors.ts";
import type { ReadTx } from "../store/store.ts";
import type { Bus } from "./bus.ts";
import { findGone, forgetGone } from "./gone-waiters.ts";
import type { Delivery, Sent } from "./message.ts";
import { expireAnywhere, isAnyOverdue } from "./overdue.ts";
import { areKeysOver, isWindowDue, pruneKeys, pruneTx } from "./prune.ts";
import { isAnyTemporaryOver, pruneTemporary } from "./temporary.ts";

const idsPerTurn = 256;

// A turn takes 8 MiB of bodies away, and those that are shorter than this come to no more than 4 between two turns.
const longBytes = 16 * 1024;
const longBytesPerTurn = 4 * 1024 * 1024;

// Whoever does a turn has other things to do: when the lock is not to be had, another one will come by.
const lockPatienceMs = 250;

type Parts = Pick<Bus, "store" | "settings">;

interface Options {
  signal?: AbortSignal | undefined;
}

export interface Turn {
  /** Whether there was anything to look at; otherwise nothing was written. */
  due: boolean;
  /** Whether that took anything away. */
  worked: boolean;
}

/** One turn. E_BUSY when the lock is not to be had. */
export async function retain({ store, settings }: Parts, { signal }: Options = {}): Promise<Turn> {
  const { due, gone } = await store.read(async (tx) => ({
    due: await isDue(tx, settings),
    gone: await findGone(tx),
  }));
  const options = { timeoutMs: lockPatienceMs, signal };
  let rows = gone.length;
  if (due || gone.length > 0)
    await store.write(async (tx) => {
      // The dead first: a temporary inbox is kept for whoever waits in it.
      await forgetGone(tx, gone);
      if (!due) return;
      rows += await pruneTemporary(tx, settings);
      rows += await expireAnywhere(tx);
      rows += await pruneKeys(tx);
      rows += await pruneTx(tx, settings);
    }, options);
  const shrunk = await store.shrink(options);
  store.setAside();
  return { due: due || gone.length > 0 || shrunk, worked: rows > 0 || shrunk };
}

/** Does up to so many turns, as long as there is something to look at. Never throws for one that could not be done: what was committed before stands. */
export async function takeTurns(bus: Parts, turns: number, options?: Options): Promise<void> {
  for (let turn = 0; turn < turns; turn++) if (!(await tryTurn(bus, options)).due) return;
}

/** Does turns until `signal` aborts: one now and then, and one after the other while there is much to do. For a process that stays. */
export async function keepRetaining(bus: Parts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { worked } = await tryTurn(bus, { signal });
    // Others want the lock too.
    await sleep(worked ? busyPauseMs : jitter(idlePauseMs, 0.2), signal);
  }
}

const busyPauseMs = 20;
const idlePauseMs = 10_000;

/** The turns that fall to whoever sent `drafts` with these outcomes: 0 for most. */
export function turnsAfterSend(
  drafts: readonly { body: Uint8Array }[],
  outcomes: readonly (Sent | SkepError)[],
): number {
  let bytes = 0;
  let turns = 0;
  for (let index = 0; index < outcomes.length; index++) {
    const outcome = outcomes[index]!;
    if (outcome instanceof SkepError) continue;
    bytes += drafts[index]!.body.length;
    turns += turnsIn(outcome.id, outcome.deliveries ?? 1);
  }
  return Math.max(turns, turnsForBytes(bytes));
}

/** The turns that fall to whoever published `body`, of which each delivery took an id. */
export function turnsAfterPublish(
  { id, deliveries }: { id: number | null; deliveries: number },
  { body }: { body: Uint8Array },
): number {
  if (id === null) return 0;
  return Math.max(turnsIn(id, deliveries), turnsForBytes(body.length));
}

/** The turns that fall to whoever claimed: what was sent in the transaction of an ack meets no other. */
export function turnsAfterClaim(claimed: readonly Delivery[]): number {
  let turns = 0;
  for (const { receipt } of claimed)
    // A receipt begins with the delivery's own id.
    if (receipt !== null && Number.parseInt(receipt, 10) % idsPerTurn === 0) turns++;
  return turns;
}

async function isDue(tx: ReadTx, settings: Bus["settings"]): Promise<boolean> {
  return (
    (await isWindowDue(tx, settings)) ||
    (await areKeysOver(tx)) ||
    (await isAnyTemporaryOver(tx)) ||
    (await isAnyOverdue(tx))
  );
}

async function tryTurn(bus: Parts, options?: Options): Promise<Turn> {
  try {
    return await retain(bus, options);
  } catch (error) {
    if (!isSkepError(error)) throw error;
    return { due: false, worked: false };
  }
}

/** The turns that `count` ids from `first` on bring about. */
function turnsIn(first: number, count: number): number {
  return Math.floor((first + count - 1) / idsPerTurn) - Math.floor((first - 1) / idsPerTurn);
}

function turnsForBytes(bytes: number): number {
  return bytes < longBytes ? 0 : Math.ceil(bytes / longBytesPerTurn);
}
