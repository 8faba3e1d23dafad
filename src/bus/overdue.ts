// Overdue: what expired in inboxes that nobody claims from ends too, a bounded bit of it each turn of retention.
import type { ReadTx, WriteTx } from "../store/store.ts";
import { expireMax, expireOverdue } from "./expire.ts";
import { noteWalk, walkedTo } from "./walk.ts";

const walk = "expired_up_to";

// What one turn looks at: 1,000 inboxes take 0.8 ms. Most homes have fewer where anything is to expire at all.
const inboxesMax = 1_000;

// And what it ends, or 99 more: no more expire for good, as a turn comes with each 256th message.
const deliveriesMax = 300;

/** Whether a turn would find something that expired, or has to go on to inboxes that none has looked at. */
export async function isAnyOverdue(tx: ReadTx): Promise<boolean> {
  const { overdue, from, to } = await look(tx);
  return overdue.length > 0 || from !== to;
}

/** Ends some 300 deliveries that expired while nobody claimed them, whichever inboxes they lie in: how many there were. */
export async function expireAnywhere(tx: WriteTx): Promise<number> {
  const { overdue, to } = await look(tx);
  let ended = 0;
  for (const inbox of overdue)
    for (let count = expireMax; count === expireMax; ended += count) {
      // What is left over is for the next turn, which begins where this one began.
      if (ended >= deliveriesMax) return ended;
      count = await expireOverdue(tx, inbox);
    }
  await noteWalk(tx, walk, to);
  return ended;
}

interface Look {
  /** The inboxes with something that expired, by name. */
  overdue: string[];
  /** Behind which inbox this look began; undefined: with the first. */
  from: string | undefined;
  /** Behind which the next one begins. */
  to: string | undefined;
}

/** Looks at the next 1,000 inboxes in which anything expires some time, from one to the next by the index. */
async function look(tx: ReadTx): Promise<Look> {
  const from = await walkedTo(tx, walk);
  const rows = await tx.all<{ inbox: string; overdue: number }>(
    `select inbox, exists (select 1 from deliveries
              where inbox = expiring.inbox and expires_at <= $now and state in ('ready', 'delayed')) as overdue
       from (with recursive step (inbox, nth) as (
               select (select min(inbox) from deliveries where expires_at is not null and inbox > $from), 1
               union all
               select (select min(d.inbox) from deliveries d where d.expires_at is not null and d.inbox > step.inbox), nth + 1
                 from step where step.inbox is not null and nth < ${inboxesMax})
             select inbox from step where inbox is not null) expiring`,
    { from: from ?? "", now: tx.now },
  );
  const overdue = rows.filter((row) => row.overdue === 1).map(({ inbox }) => inbox);
  return { overdue, from, to: rows.length === inboxesMax ? rows.at(-1)!.inbox : undefined };
}
