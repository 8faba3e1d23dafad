// When to look again: what changes in an inbox by itself, as time passes.
import type { ReadTx } from "../store/store.ts";

/** When something in an inbox changes without anybody's doing; null where nothing does. */
export interface NextTimes {
  /** The first lease runs out. */
  leaseTick: number | null;
  /** The first rest after a failure is over. */
  dueTick: number | null;
  /** The first delay that a sender wanted is over, by the wall clock. */
  dueAt: number | null;
}

/** When the next lease of `inbox` runs out and its next delayed delivery is due. */
export async function nextTimes(tx: ReadTx, inbox: string): Promise<NextTimes> {
  const row = await tx.get<NextTimes>(
    `select (select min(lease_tick) from deliveries where inbox in ($inbox) and state = 'leased') as leaseTick,
            (select min(due_tick) from deliveries where inbox in ($inbox) and state = 'delayed') as dueTick,
            (select min(due_at) from deliveries
              where inbox in ($inbox) and state = 'delayed' and due_at is not null) as dueAt`,
    { inbox },
  );
  return row!;
}
