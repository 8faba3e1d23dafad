// Dead letters as they are looked at: which there are, and which one an id means. What ends there: dead-letter.ts.
import { SkepError } from "../core/errors.ts";
import type { ReadTx } from "../store/store.ts";
import { inboxExists, unknownInbox } from "./ledger.ts";
import { type Message, readMessage } from "./read-message.ts";

/** A delivery that is dead, or was until now. */
export interface DeadRef {
  id: number;
  messageId: number;
  inbox: string;
}

export interface DeadLetter extends DeadRef {
  from: string | null;
  type: string | null;
  reason: string;
  /** How many attempts it had. */
  attempt: number;
  /** Who had it last; null when it did not say. */
  holder: string | null;
  priority: number;
  bytes: number;
  /** Milliseconds since 1970. */
  sentAt: number;
  /** Milliseconds since 1970. */
  diedAt: number;
}

/** A claim that came to nothing. */
export interface FailedAttempt {
  epoch: number;
  holder: string | null;
  claimedAt: number;
  endedAt: number;
  outcome: string;
  reason: string | null;
}

const columns = `l.delivery_id as id, l.message_id as messageId, l.inbox, m.sender as "from", m.type, l.reason, l.attempt,
  l.holder, l.priority, l.bytes, m.sent_at as sentAt, l.died_at as diedAt
  from dead_letters l join messages m on m.id = l.message_id`;

/** Up to `max` dead letters, of `inbox` or of all of them, in the order they were sent; none when there are none. E_NOT_FOUND when there is no such inbox. */
export async function listDead(
  tx: ReadTx,
  inbox: string | undefined,
  max: number,
): Promise<DeadLetter[]> {
  const limited = "order by l.delivery_id limit 0 + $max";
  if (inbox === undefined) return await tx.all<DeadLetter>(`select ${columns} ${limited}`, { max });
  const rows = await tx.all<DeadLetter>(`select ${columns} where l.inbox = $inbox ${limited}`, {
    inbox,
    max,
  });
  if (rows.length === 0) await checkInbox(tx, inbox);
  return rows;
}

/** The dead letter that `id` means, with its message and every attempt at it. E_NOT_FOUND, E_USAGE as for `findDead`. */
export async function showDead(
  tx: ReadTx,
  id: number,
): Promise<DeadLetter & { message: Message; attempts: FailedAttempt[] }> {
  const deliveryId = await findDead(tx, id);
  const letter = await tx.get<DeadLetter>(`select ${columns} where l.delivery_id = $deliveryId`, {
    deliveryId,
  });
  const attempts = await tx.all<FailedAttempt>(
    `select epoch, holder, claimed_at as claimedAt, ended_at as endedAt, outcome, reason
       from attempts where delivery_id = $deliveryId order by epoch`,
    { deliveryId },
  );
  return { ...letter!, message: await readMessage(tx, letter!.messageId), attempts };
}

/**
 * The dead delivery that `id` means: the one of that id, or the only one of the message of that id. E_NOT_FOUND when it
 * is not dead, E_USAGE when the message has several that are.
 */
export async function findDead(tx: ReadTx, id: number): Promise<number> {
  const dead = await tx.all<{ id: number }>(
    `select delivery_id as id from dead_letters
      where delivery_id between $id and (select id + deliveries - 1 from messages where id = $id)
         or delivery_id = $id order by 1`,
    { id },
  );
  // A message and its first delivery have the same id: the delivery itself is what trace and list show.
  if (dead.some((row) => row.id === id)) return id;
  if (dead.length === 1) return dead[0]!.id;
  if (dead.length > 1)
    throw new SkepError("E_USAGE", `message ${id} has ${dead.length} dead deliveries`, {
      hint: `Name which: ${dead
        .slice(0, 10)
        .map((row) => row.id)
        .join(", ")}${dead.length > 10 ? " …" : ""}.`,
    });
  throw new SkepError("E_NOT_FOUND", `there is no dead letter ${id}`, {
    hint: `skep dead list shows them; skep trace ${id} tells what became of a message.`,
  });
}

/** How many dead letters one transaction takes at most. */
const chunkMax = 500;

/** The ids of up to 500 dead letters that come after the delivery `after`, of `inbox` or of all of them; none when there are no more. E_NOT_FOUND when there is neither a first one nor such an inbox. */
export async function nextDead(
  tx: ReadTx,
  inbox: string | undefined,
  after: number,
): Promise<number[]> {
  const rows = await tx.all<{ id: number }>(
    `select delivery_id as id from dead_letters
      where delivery_id > $after ${inbox === undefined ? "" : "and inbox = $inbox"}
      order by delivery_id limit ${chunkMax}`,
    inbox === undefined ? { after } : { after, inbox },
  );
  // A temporary inbox goes, and what died in it stays: whoever has seen to that has not mistyped the name.
  if (rows.length === 0 && after === 0 && inbox !== undefined) await checkInbox(tx, inbox);
  return rows.map((row) => row.id);
}

async function checkInbox(tx: ReadTx, inbox: string): Promise<void> {
  if (!(await inboxExists(tx, inbox))) throw await unknownInbox(tx, inbox);
}
