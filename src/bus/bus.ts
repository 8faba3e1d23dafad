// What every verb of the bus is handed: where the rows are, what the limits are, and who we are to others.
import type { Clock } from "../core/clock.ts";
import type { Self } from "../core/identity.ts";
import type { Store } from "../store/store.ts";
import type { Doorbell } from "./doorbell.ts";
import type { Holding } from "./held.ts";
import type { BusSettings } from "./message.ts";

/**
 * The least time that a write is given to get the lock, in milliseconds, however short the wait it is a part of: on a
 * machine that is busy the lock may take that long, and a wait that is over is no reason to blame whoever holds it.
 */
export const lockGraceMs = 1_000;

export interface Bus {
  store: Store;
  clock: Clock;
  settings: BusSettings;
  /** This process's own doorbell, for when it waits. */
  doorbell: Doorbell;
  self: Self;
  /** Set for a process of a swarm: it is held back with the rest of it. */
  holding?: Holding | undefined;
  /** How many deliveries were found missing when it was opened, and are given up from now on: 0. */
  lost: number;
}
