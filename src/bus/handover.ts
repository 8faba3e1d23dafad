// Handover: all that is to be done in one inbox goes to another, for whoever worked on the first will not come back.
import { SkepError } from "../core/errors.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";
import { textList, textsIn } from "../store/text-list.ts";
import { ring } from "./doorbell.ts";
import { type Held, giveBack, heldColumns } from "./give-back.ts";
import { inboxExists, move, unknownInbox } from "./ledger.ts";
import type { BusSettings } from "./message.ts";
import { ringEveryone, ringUpTo } from "./waiters.ts";

export interface Handover {
  from: string;
  to: string;
  /** Why, as `trace` tells it. */
  reason: string;
}

export interface HandedOver {
  /** How many deliveries went from one inbox to the other. */
  moved: number;
  /** How many leases were taken back for that. */
  returned: number;
}

/**
 * Moves every delivery that nobody has settled from one inbox to the other, however full that is, and has those who wait there rung. With them go
 * the slots for answers to come, and the subscriptions. It spends no attempt, and no receipt of before is good any more. What has
 * ended stays, dead letters too. E_NOT_FOUND when there is no inbox to move to, E_USAGE when it is the same one.
 */
export async function handover(
  tx: WriteTx,
  settings: Pick<BusSettings, "maxAttempts">,
  { from, to, reason }: Handover,
): Promise<HandedOver> {
  if (from === to) throw new SkepError("E_USAGE", `inbox ${from} cannot be handed over to itself`);
  if (!(await inboxExists(tx, to))) throw await unknownInbox(tx, to);
  const returned = await takeBack(tx, settings, from, reason);
  const counts = { ready: 0, delayed: 0, parked: 0 };
  for (const state of ["ready", "delayed", "parked"] as const)
    counts[state] = await moveAll(tx, state, { from, to, reason });
  await moveSlots(tx, from, to);
  await moveSubscriptions(tx, from, to);
  const { ready, delayed, parked } = counts;
  // Whoever sleeps there until something is due has to hear of what is due before that.
  await ringUpTo(Math.max(ready, Math.min(delayed, 1)), tx, to, "mail", ring);
  // Whoever waits to get something in here has to look anew where it goes.
  await ringEveryone(tx, ["room", "turn"], from, ring);
  return { moved: ready + delayed + parked, returned };
}

/** How many deliveries nobody has settled in each of `inboxes`; 0 where there is no such inbox. */
export async function countUnsettled(
  tx: ReadTx,
  inboxes: readonly string[],
): Promise<Map<string, number>> {
  const rows = await tx.all<{ inbox: string; unsettled: number }>(
    `select inbox, ready + delayed + leased + parked as unsettled from ledger
      where inbox in (${textsIn("inboxes")})`,
    { inboxes: textList(inboxes) },
  );
  const counts = new Map(inboxes.map((inbox) => [inbox, 0]));
  for (const { inbox, unsettled } of rows) counts.set(inbox, unsettled);
  return counts;
}

async function takeBack(
  tx: WriteTx,
  settings: Pick<BusSettings, "maxAttempts">,
  inbox: string,
  reason: string,
): Promise<number> {
  const leases = await tx.all<Held>(
    `select ${heldColumns} from deliveries where inbox = $inbox and state = 'leased'`,
    { inbox },
  );
  for (const held of leases)
    await giveBack(tx, settings, held, { ending: "returned", reason, delayMs: 0 });
  return leases.length;
}

/** Moves all that is in `state`: how many there were. */
async function moveAll(
  tx: WriteTx,
  state: "ready" | "delayed" | "parked",
  { from, to, reason }: Handover,
): Promise<number> {
  const lying = `inbox = $from and state = '${state}'`;
  const sums = await tx.get<{ count: number; bytes: number }>(
    `select count(*) as count, coalesce(sum(bytes), 0) as bytes from deliveries where ${lying}`,
    { from },
  );
  const { count, bytes } = sums!;
  if (count === 0) return 0;
  // The move counts as a lease of its own, so the number of the next one is higher than any receipt's.
  await tx.run(
    `insert into attempts (delivery_id, epoch, holder, claimed_at, ended_at, outcome, reason)
     select id, epoch + 1, null, $now, $now, 'moved', $why from deliveries where ${lying}`,
    { from, now: tx.now, why: `from ${from} to ${to}: ${reason}` },
  );
  await tx.run(
    `update deliveries set inbox = $to, epoch = epoch + 1, nonce = null where ${lying}`,
    { from, to },
  );
  // What is parked takes no room (see park.ts).
  const weight = state === "parked" ? 0 : bytes;
  await move(tx, from, { [state]: -count, moved_out: count, bytes: -weight });
  await move(tx, to, { [state]: count, moved_in: count, bytes: weight });
  return count;
}

/** Has the answers that are still owed to `from` go to `to`. */
async function moveSlots(tx: WriteTx, from: string, to: string): Promise<void> {
  const row = await tx.get<{ reserved: number }>(
    "select reserved from ledger where inbox = $from",
    { from },
  );
  const reserved = row?.reserved ?? 0;
  if (reserved === 0) return;
  await tx.run(
    `update messages set reply_to = $to
      where reply_to = $from and id in (select message_id from deliveries where owes_reply = 1)`,
    { from, to },
  );
  await move(tx, from, { reserved: -reserved });
  await move(tx, to, { reserved });
}

// An inbox that nobody reads would fill up, and stop everybody who publishes to it.
async function moveSubscriptions(tx: WriteTx, from: string, to: string): Promise<void> {
  await tx.run(
    `insert into subscriptions (pattern, inbox, created_at)
     select pattern, $to, $now from subscriptions where inbox = $from
     on conflict (pattern, inbox) do nothing`,
    { from, to, now: tx.now },
  );
  await tx.run("delete from subscriptions where inbox = $from", { from });
}
