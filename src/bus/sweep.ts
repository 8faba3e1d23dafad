// The sweep: leases that ran out and deliveries that are due, seen to by whoever claims from the inbox, a
// bounded bit each time, so that the bus is right with nothing but short-lived commands running.
import type { WriteTx } from "../store/store.ts";
import { ring } from "./doorbell.ts";
import { expireOverdue } from "./expire.ts";
import { type Held, giveBack, heldColumns } from "./give-back.ts";
import { move } from "./ledger.ts";
import type { BusSettings } from "./message.ts";
import { type NextTimes, nextTimes } from "./next-times.ts";
import { ringOne } from "./waiters.ts";

const sweepMax = 100;

/** Gives back up to 100 expired leases of `inbox` and makes up to 100 of its due deliveries ready of either kind: whether there were any, and when the next times were. */
export async function sweep(
  tx: WriteTx,
  settings: Pick<BusSettings, "maxAttempts">,
  inbox: string,
): Promise<NextTimes & { swept: boolean }> {
  const next = await nextTimes(tx, inbox);
  const { leaseTick, dueTick, dueAt } = next;
  const expired = leaseTick !== null && leaseTick <= tx.tick;
  const rested = dueTick !== null && dueTick <= tx.tick;
  const due = dueAt !== null && dueAt <= tx.now;
  if (expired) await sweepExpired(tx, settings, inbox);
  if (rested) await sweepDue(tx, inbox, "due_tick", tx.tick);
  if (due) await sweepDue(tx, inbox, "due_at", tx.now);
  return { ...next, swept: expired || rested || due };
}

/** Sees to everything in `inbox` that takes up room and need not, a bounded bit of it: whether there was anything. A sender that finds no room asks for it before it is refused. */
export async function makeRoom(
  tx: WriteTx,
  settings: Pick<BusSettings, "maxAttempts">,
  inbox: string,
): Promise<boolean> {
  // The leases first: what comes back from them may be wanted no more.
  const { swept } = await sweep(tx, settings, inbox);
  return (await expireOverdue(tx, inbox)) > 0 || swept;
}

async function sweepExpired(
  tx: WriteTx,
  settings: Pick<BusSettings, "maxAttempts">,
  inbox: string,
): Promise<void> {
  const expired = await tx.all<Held>(
    `select ${heldColumns} from deliveries
      where inbox = $inbox and state = 'leased' and lease_tick <= $tick order by lease_tick limit ${sweepMax}`,
    { inbox, tick: tx.tick },
  );
  for (const held of expired)
    await giveBack(tx, settings, held, { ending: "expired", reason: null, delayMs: 0 });
}

async function sweepDue(
  tx: WriteTx,
  inbox: string,
  column: "due_tick" | "due_at",
  until: number,
): Promise<void> {
  // Since when its sender wanted it to be there is still asked for (see conditions.ts), until somebody claims it.
  const { changes } = await tx.run(
    `update deliveries set state = 'ready', due_tick = null
      where state = 'delayed' and id in (
        select id from deliveries
         where inbox = $inbox and state = 'delayed' and ${column} <= $until order by ${column} limit ${sweepMax})`,
    { inbox, until },
  );
  await move(tx, inbox, { delayed: -changes, ready: changes });
  await ringOne(tx, inbox, "mail", ring);
}
