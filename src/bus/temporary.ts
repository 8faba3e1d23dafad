// Temporary inboxes: each is there for the answer to one question, and goes with whoever asked.
import { idList } from "../store/id-list.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";
import { textList, textsIn } from "../store/text-list.ts";
import { move } from "./ledger.ts";
import type { BusSettings } from "./message.ts";
import { purgeTx } from "./purge.ts";
import { sweep } from "./sweep.ts";

// How long one that is still in use is left in peace.
const postponeMs = 60_000;

// What one turn sees to; no more of them can come about between two turns.
const inboxesMax = 300;
const deliveriesMax = 500;

/** Whether a temporary inbox has outlived its time. */
export async function isAnyTemporaryOver(tx: ReadTx): Promise<boolean> {
  return (
    (await tx.get("select 1 from ledger where expires_at <= $now limit 1", { now: tx.now })) !==
    undefined
  );
}

/**
 * Takes away up to 300 temporary inboxes that have outlived their time: how many there were. Answers that nobody took are purged, and
 * slots for answers to questions that nobody has claimed are given up. One that is still in use gets more time.
 */
export async function pruneTemporary(tx: WriteTx, settings: BusSettings): Promise<number> {
  const over = await tx.all<{ inbox: string; leased: number; waited: number }>(
    `select inbox, leased, exists (select 1 from waiters where inbox = ledger.inbox and waiting = 1) as waited
       from ledger where expires_at <= $now order by expires_at limit ${inboxesMax}`,
    { now: tx.now },
  );
  if (over.length === 0) return 0;
  const left = over.filter(({ waited }) => waited === 0);
  // Whoever died with an answer in hand did not take it.
  for (const { inbox, leased } of left) if (leased > 0) await sweep(tx, settings, inbox);
  const inboxes = left.map(({ inbox }) => inbox);
  await releaseSlots(tx, inboxes);
  await purgeAnswers(tx, inboxes);
  const deleted = await deleteEmpty(tx, inboxes);
  if (deleted < over.length)
    await postpone(
      tx,
      over.map(({ inbox }) => inbox),
    );
  return deleted;
}

// Whoever has claimed the question can still ack it with an answer, however late, so its slot stays.
async function releaseSlots(tx: WriteTx, inboxes: readonly string[]): Promise<void> {
  const owed = await tx.all<{ inbox: string; id: number }>(
    `select m.reply_to as inbox, d.id from messages m
       join deliveries d on d.id between m.id and m.id + m.deliveries - 1
      where m.reply_to in (${textsIn("those")}) and d.owes_reply = 1 and d.state != 'leased' limit ${deliveriesMax}`,
    { those: textList(inboxes) },
  );
  const { sql, value: ids } = idList(owed.map(({ id }) => id));
  await tx.run(`update deliveries set owes_reply = 0 where id in (${sql})`, { ids });
  for (const [inbox, slots] of byInbox(owed)) await move(tx, inbox, { reserved: -slots.length });
}

async function purgeAnswers(tx: WriteTx, inboxes: readonly string[]): Promise<void> {
  const answers = await tx.all<{ inbox: string; id: number }>(
    `select inbox, id from deliveries where inbox in (${textsIn("those")}) and state = 'ready'
     union all
     select inbox, id from deliveries where inbox in (${textsIn("those")}) and state = 'delayed'
      limit ${deliveriesMax}`,
    { those: textList(inboxes) },
  );
  for (const [inbox, ids] of byInbox(answers)) await purgeTx(tx, inbox, ids, null);
}

async function deleteEmpty(tx: WriteTx, inboxes: readonly string[]): Promise<number> {
  const { changes } = await tx.run(
    `delete from ledger where inbox in (${textsIn("those")}) and temporary = 1
        and ready + delayed + leased + parked + reserved = 0`,
    { those: textList(inboxes) },
  );
  return changes;
}

// Those that stay must not be in the way of the next ones.
async function postpone(tx: WriteTx, inboxes: readonly string[]): Promise<void> {
  await tx.run(`update ledger set expires_at = $later where inbox in (${textsIn("those")})`, {
    those: textList(inboxes),
    later: tx.now + postponeMs,
  });
}

function byInbox(deliveries: readonly { inbox: string; id: number }[]): Map<string, number[]> {
  const ids = new Map<string, number[]>();
  for (const { inbox, id } of deliveries) {
    const those = ids.get(inbox);
    if (those === undefined) ids.set(inbox, [id]);
    else those.push(id);
  }
  return ids;
}
