// The sweep: leases that ran out and deliveries that are due, seen to by whoever claims from the inbox, a
// bounded bit each time, so that the bus is right with nothing but short-lived commands running.
import type { ReadTx, WriteTx } from "../store/store.ts";
import { ring } from "./doorbell.ts";
import { type Held, giveBack, heldColumns } from "./give-back.ts";
import { move } from "./ledger.ts";
import type { BusSettings } from "./message.ts";
import { ringOne } from "./waiters.ts";

const sweepMax = 100;

/** Gives back up to 100 expired leases of `inbox` and makes up to 100 of its due deliveries ready: whether there were any. */
export async function sweep(tx: WriteTx, settings: BusSettings, inbox: string): Promise<boolean> {
  const { leaseTick, dueTick } = await nextTicks(tx, inbox);
  const expired = leaseTick !== null && leaseTick <= tx.tick;
  const due = dueTick !== null && dueTick <= tx.tick;
  if (expired) await sweepExpired(tx, settings, inbox);
  if (due) await sweepDue(tx, inbox);
  return expired || due;
}

/** When the next lease of `inbox` runs out and its next delayed delivery is due, as ticks; null where there is none. */
export async function nextTicks(
  tx: ReadTx,
  inbox: string,
): Promise<{ leaseTick: number | null; dueTick: number | null }> {
  const row = await tx.get<{ leaseTick: number | null; dueTick: number | null }>(
    `select (select min(lease_tick) from deliveries where inbox in ($inbox) and state = 'leased') as leaseTick,
            (select min(due_tick) from deliveries where inbox in ($inbox) and state = 'delayed') as dueTick`,
    { inbox },
  );
  return row!;
}

async function sweepExpired(tx: WriteTx, settings: BusSettings, inbox: string): Promise<void> {
  const expired = await tx.all<Held>(
    `select ${heldColumns} from deliveries
      where inbox = $inbox and state = 'leased' and lease_tick <= $tick order by lease_tick limit ${sweepMax}`,
    { inbox, tick: tx.tick },
  );
  for (const held of expired)
    await giveBack(tx, settings, held, { ending: "expired", reason: null, delayMs: 0 });
}

async function sweepDue(tx: WriteTx, inbox: string): Promise<void> {
  const { changes } = await tx.run(
    `update deliveries set state = 'ready', due_tick = null
      where state = 'delayed' and id in (
        select id from deliveries
         where inbox = $inbox and state = 'delayed' and due_tick <= $tick order by due_tick limit ${sweepMax})`,
    { inbox, tick: tx.tick },
  );
  await move(tx, inbox, { delayed: -changes, ready: changes });
  await ringOne(tx, inbox, "mail", ring);
}
