// Opens the bus on a store: who we are, our doorbell, and what is late noticed: a new boot, a drain that is over.
import type { Clock } from "../core/clock.ts";
import { ownIdentity } from "../core/identity.ts";
import type { ReadTx, Store } from "../store/store.ts";
import { noticeBoot } from "./boot.ts";
import type { Bus } from "./bus.ts";
import { openDoorbell } from "./doorbell.ts";
import { parkOverdue } from "./drain.ts";
import { newestNumber, noticeLoss } from "./loss.ts";
import type { Holding } from "./held.ts";
import type { BusSettings } from "./message.ts";

/**
 * A bus for this process on `store`. Its doorbell is closed by whoever closes the store. E_LOSS when messages that were accepted are missing,
 * unless a power cut may take them or `acceptLoss` says to go on without.
 */
export async function openBus(
  store: Store,
  clock: Clock,
  settings: BusSettings,
  {
    acceptLoss = false,
    holding,
  }: { acceptLoss?: boolean | undefined; holding?: Holding | undefined } = {},
): Promise<Bus> {
  // The mark first: what is accepted between the two is no loss.
  const mark = store.mark();
  const { boot, drainTick, newest } = await store.read(firstLook);
  const lost =
    mark === undefined || mark.last <= newest
      ? 0
      : await noticeLoss({ store, clock }, mark, acceptLoss);
  if (boot !== clock.boot) await noticeBoot({ store, clock, settings });
  else if (drainTick !== null && drainTick <= clock.tick()) await parkOverdue({ store, settings });
  return { store, clock, settings, doorbell: openDoorbell(), self: ownIdentity(), holding, lost };
}

/** The same bus for one of several agents in this process, the `slot`th: it waits for itself, with a doorbell of its own. Whoever asks closes that. */
export function shareBus(bus: Bus, slot: number, doorbell = openDoorbell()): Bus {
  return { ...bus, doorbell, self: { ...bus.self, slot } };
}

interface FirstLook {
  /** The boot of the last command, and the deadline of a drain that is not through; both null mostly, in a new home. */
  boot: string | null;
  drainTick: number | null;
  /** The number of the newest delivery; 0 when there was none. */
  newest: number;
}

/** Every command asks, so it is one statement. */
async function firstLook(tx: ReadTx): Promise<FirstLook> {
  const row = await tx.get<FirstLook>(
    `select (select value from meta where key = 'boot') as boot,
            (select deadline_tick from drains where reason = 'drain' and parked_at is null) as drainTick,
            coalesce(${newestNumber}, 0) as newest`,
  );
  return row!;
}
