// Opens the bus on a store: who we are, our doorbell, and what is late noticed: a new boot, a drain that is over.
import type { Clock } from "../core/clock.ts";
import { ownIdentity } from "../core/identity.ts";
import type { ReadTx, Store } from "../store/store.ts";
import { noticeBoot } from "./boot.ts";
import type { Bus } from "./bus.ts";
import { openDoorbell } from "./doorbell.ts";
import { parkOverdue } from "./drain.ts";
import type { BusSettings } from "./message.ts";

/** A bus for this process on `store`. Its doorbell is closed by whoever closes the store. */
export async function openBus(store: Store, clock: Clock, settings: BusSettings): Promise<Bus> {
  const { boot, drainTick } = await store.read(firstLook);
  if (boot !== clock.boot) await noticeBoot({ store, clock, settings });
  else if (drainTick !== null && drainTick <= clock.tick()) await parkOverdue({ store, settings });
  return { store, clock, settings, doorbell: openDoorbell(), self: ownIdentity() };
}

/** The same bus for one of several agents in this process, the `slot`th: it waits for itself. Whoever asks closes its doorbell. */
export function shareBus(bus: Bus, slot: number): Bus {
  return { ...bus, doorbell: openDoorbell(), self: { ...bus.self, slot } };
}

/** The boot of the last command, and the deadline of a drain that is not through; both null mostly, in a new home. Every command asks, so it is one statement. */
async function firstLook(tx: ReadTx): Promise<{ boot: string | null; drainTick: number | null }> {
  const row = await tx.get<{ boot: string | null; drainTick: number | null }>(
    `select (select value from meta where key = 'boot') as boot,
            (select deadline_tick from drains where reason = 'drain' and parked_at is null) as drainTick`,
  );
  return row!;
}
