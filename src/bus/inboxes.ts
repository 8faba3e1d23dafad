// Looking without touching: what lies in an inbox, and how all of them stand.
import type { ReadTx } from "../store/store.ts";
import { inboxExists, unknownInbox } from "./ledger.ts";
import type { Delivery } from "./message.ts";
import { oldestReady } from "./oldest-ready.ts";

/** How one inbox stands; what has no other unit counts deliveries. */
export interface InboxSummary {
  inbox: string;
  temporary: boolean;
  /** Since when there is one, in milliseconds since 1970. */
  createdAt: number;
  ready: number;
  delayed: number;
  leased: number;
  parked: number;
  reserved: number;
  sent: number;
  acked: number;
  dead: number;
  expired: number;
  purged: number;
  movedIn: number;
  movedOut: number;
  bytes: number;
  /** How many sends it refused: it was full, or they came too fast. */
  refused: number;
  /** How many processes wait for room in it or for their turn, and how many for mail. */
  waitingSenders: number;
  waitingReceivers: number;
  /** Milliseconds that the oldest ready delivery has been there; null when none is ready. */
  oldestReadyMs: number | null;
}

/** Every inbox by name; none in a new home. */
export async function listInboxes(tx: ReadTx): Promise<InboxSummary[]> {
  const rows = await tx.all<
    Omit<InboxSummary, "temporary" | "oldestReadyMs"> & { temporary: number; oldest: number | null }
  >(
    `select inbox, temporary, created_at as createdAt, ready, delayed, leased, parked, reserved, sent, acked, dead, expired, purged,
            moved_in as movedIn, moved_out as movedOut, bytes, refused,
            (select count(*) from waiters w
              where w.inbox = ledger.inbox and w.wants in ('room', 'turn') and w.waiting = 1) as waitingSenders,
            (select count(*) from waiters w
              where w.inbox = ledger.inbox and w.wants = 'mail' and w.waiting = 1) as waitingReceivers,
            (select max(m.sent_at, coalesce(d.due_at, 0)) from deliveries d join messages m on m.id = d.message_id
              where d.id = ${oldestReady("ledger")}) as oldest
       from ledger order by inbox`,
  );
  return rows.map(({ oldest, temporary, ...row }) => ({
    ...row,
    temporary: temporary === 1,
    oldestReadyMs: oldest === null ? null : Math.max(0, tx.now - oldest),
  }));
}

/** Up to `max` deliveries that `inbox` has ready, in the order they would be claimed, without claiming them; none when it is empty. E_NOT_FOUND when there is no such inbox. */
export async function peek(tx: ReadTx, inbox: string, max: number): Promise<Delivery[]> {
  if (!(await inboxExists(tx, inbox))) throw await unknownInbox(tx, inbox);
  const rows = await tx.all<Omit<Delivery, "receipt" | "leaseUntil">>(
    `select m.id, m.sender as "from", d.inbox as "to", m.type, m.body, d.priority, d.attempt + 1 as attempt,
            m.sent_at as sentAt, m.thread, m.reply_to as replyTo
       from deliveries d join messages m on m.id = d.message_id
      where d.inbox = $inbox and d.state = 'ready' and (d.expires_at is null or d.expires_at > $now)
      order by d.priority desc, d.id limit $max`,
    { inbox, max, now: tx.now },
  );
  return rows.map((row) => ({ ...row, receipt: null, leaseUntil: null }));
}

/** The sums over all inboxes: what came in must equal what lies there and what ended. */
export interface Conservation {
  in: number;
  live: number;
  ended: number;
  holds: boolean;
}

/** Adds up the ledger, and counts what really lies in the tables against it. */
export async function conservation(tx: ReadTx): Promise<Conservation> {
  const sums = await tx.get<{ in: number; live: number; ended: number; rows: number }>(
    `select coalesce(sum(sent + moved_in), 0) as "in",
            coalesce(sum(ready + delayed + leased + parked), 0) as live,
            coalesce(sum(acked + dead + expired + purged + moved_out), 0) as ended,
            (select count(*) from deliveries) as rows
       from ledger`,
  );
  const { rows, ...rest } = sums!;
  return { ...rest, holds: rest.in === rest.live + rest.ended && rows === rest.live };
}
