// Opens the bus on a store: who we are, our doorbell, and the boot noticed.
import type { Clock } from "../core/clock.ts";
import { ownIdentity } from "../core/identity.ts";
import type { Store } from "../store/store.ts";
import { noticeBoot } from "./boot.ts";
import type { Bus } from "./bus.ts";
import { openDoorbell } from "./doorbell.ts";
import type { BusSettings } from "./message.ts";

/** A bus for this process on `store`. Its doorbell is closed by whoever closes the store. */
export async function openBus(store: Store, clock: Clock, settings: BusSettings): Promise<Bus> {
  await noticeBoot({ store, clock, settings });
  return { store, clock, settings, doorbell: openDoorbell(), self: ownIdentity() };
}
