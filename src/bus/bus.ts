// What every verb of the bus is handed: where the rows are, what the limits are, and who we are to others.
import type { Clock } from "../core/clock.ts";
import type { ProcessIdentity } from "../core/identity.ts";
import type { Store } from "../store/store.ts";
import type { Doorbell } from "./doorbell.ts";
import type { BusSettings } from "./message.ts";

export interface Bus {
  store: Store;
  clock: Clock;
  settings: BusSettings;
  /** This process's own doorbell, for when it waits. */
  doorbell: Doorbell;
  self: ProcessIdentity;
}
