// Resume: what a drain parked is there again, and the bus takes claims and sends.
import type { WriteTx } from "../store/store.ts";
import { ring } from "./doorbell.ts";
import { findDrain, openIntake } from "./intake.ts";
import { unparkAll } from "./park.ts";
import { ringAll } from "./waiters.ts";

export interface Resumed {
  /** How many deliveries came back. */
  resumed: number;
  /** Whether no drain was in force, and nothing was done. */
  already: boolean;
}

/** Ends the drain that is in force and brings back what it parked; nothing to do when there is none. What a stopped swarm left stays parked for its next `up`. */
export async function resumeTx(tx: WriteTx): Promise<Resumed> {
  if ((await findDrain(tx)) === undefined) return { resumed: 0, already: true };
  const resumed = await unparkAll(tx, "drain");
  await openIntake(tx, "drain");
  // A host looks by itself, and may be asleep until it is rung.
  await ringAll(tx, ring);
  return { resumed, already: false };
}
