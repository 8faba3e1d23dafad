// Prune: what ended long ago is forgotten with its message, the oldest first and a bounded bit at a time. The
// ledger's counters stay as they are: what ended has been counted, whoever remembers it.
import type { ReadTx, WriteTx } from "../store/store.ts";
import type { BusSettings } from "./message.ts";
import { noteWalk, walkedTo } from "./walk.ts";

export type Keeping = Pick<BusSettings, "historyKeepMs" | "historyRowsMax" | "deadKeepMs">;

// What one turn looks at, and what it deletes of each table at most. 500 messages of 256 bytes take 0.7 ms.
const rowsMax = 500;
const bytesMax = 8 * 1024 * 1024;

const walk = "pruned_up_to";

/** Messages that are old enough to hold something that may go. */
interface Window {
  /** The id of the first of them, and of the last delivery of the last of them. */
  first: number;
  last: number;
  /** The id behind which the next turn goes on; null when the next one begins with the oldest. */
  next: number | null;
}

/** Whether any message is old enough to be looked at. */
export async function isWindowDue(tx: ReadTx, keeping: Keeping): Promise<boolean> {
  return (await findWindow(tx, keeping, 1)) !== undefined;
}

/** Forgets what may go of the next window: how many rows of history, dead letters, attempts and messages that were. */
export async function pruneTx(tx: WriteTx, keeping: Keeping): Promise<number> {
  const window = await findWindow(tx, keeping);
  if (window === undefined) return 0;
  const counts = [
    await pruneHistory(tx, keeping, window),
    await pruneDead(tx, keeping, window),
    await pruneAttempts(tx, window),
    await pruneMessages(tx, window),
  ];
  // Of what has more rows than a turn deletes the next one has to see the rest.
  const next = counts.includes(rowsMax) ? window.first - 1 : window.next;
  await noteWalk(tx, walk, next === null || next === 0 ? undefined : String(next));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Whether `id` was a message's or a delivery's once: where nothing bears it any more, what did has been forgotten. */
export async function wasGivenOut(tx: ReadTx, id: number): Promise<boolean> {
  return id <= (await newestId(tx));
}

/** Whether there is a key whose window is over. */
export async function areKeysOver(tx: ReadTx): Promise<boolean> {
  return (
    (await tx.get("select 1 from keys where expires_at <= $now limit 1", { now: tx.now })) !==
    undefined
  );
}

/** Forgets up to 500 keys whose window is over: how many there were. */
export async function pruneKeys(tx: WriteTx): Promise<number> {
  const { changes } = await tx.run(
    `delete from keys where (sender, key) in (
       select sender, key from keys where expires_at <= $now order by expires_at limit ${rowsMax})`,
    { now: tx.now },
  );
  return changes;
}

/**
 * The next messages that a turn has to look at; undefined when all are too young. Ids grow with time, so the first that is too young speaks
 * for all behind it. What is old and has to stay (dead letters, what nobody has claimed) is passed by: the walk
 * goes on behind it, turn by turn, and then begins anew.
 */
async function findWindow(
  tx: ReadTx,
  keeping: Keeping,
  most = rowsMax,
): Promise<Window | undefined> {
  const after = Number((await walkedTo(tx, walk)) ?? 0);
  const window = await windowBehind(tx, keeping, after, most);
  return window === undefined && after > 0 ? await windowBehind(tx, keeping, 0, most) : window;
}

async function windowBehind(
  tx: ReadTx,
  keeping: Keeping,
  after: number,
  most: number,
): Promise<Window | undefined> {
  const rows = await tx.all<{ id: number; deliveries: number; sentAt: number; bytes: number }>(
    `select id, deliveries, sent_at as sentAt, length(body) as bytes
       from messages where id > $after order by id limit ${most}`,
    { after },
  );
  const sentBefore = tx.now - Math.min(keeping.historyKeepMs, keeping.deadKeepMs);
  const floor = await floorOf(tx, keeping);
  let window: Window | undefined;
  let deliveries = 0;
  let bytes = 0;
  for (const row of rows) {
    // A time that is yet to come was written by a clock that was wrong, and says nothing of what is behind it.
    const old = row.id <= floor || row.sentAt <= sentBefore || row.sentAt > tx.now;
    if (!old) return window && { ...window, next: null };
    deliveries += row.deliveries;
    bytes += row.bytes;
    if (window !== undefined && (deliveries > rowsMax || bytes > bytesMax)) return window;
    const last = row.id + row.deliveries - 1;
    window = { first: window?.first ?? row.id, last, next: row.id };
  }
  return window && { ...window, next: rows.length < most ? null : window.next };
}

/** The id up to which no history is kept, however young it is; 0 or less when there is room for all. */
async function floorOf(tx: ReadTx, { historyRowsMax }: Keeping): Promise<number> {
  // A delivery takes one id, so as many ids hold no more rows.
  return (await newestId(tx)) - historyRowsMax;
}

/** The id that was given out last; 0 in a new home. The message that bears it is never deleted. */
async function newestId(tx: ReadTx): Promise<number> {
  const newest = await tx.get<{ id: number }>(
    "select id + deliveries - 1 as id from messages order by messages.id desc limit 1",
  );
  return newest?.id ?? 0;
}

async function pruneHistory(tx: WriteTx, keeping: Keeping, window: Window): Promise<number> {
  const { changes } = await tx.run(
    `delete from history where delivery_id in (
       select delivery_id from history
        where delivery_id between $first and $last and (ended_at <= $endedBefore or delivery_id <= $floor)
        order by delivery_id limit ${rowsMax})`,
    {
      first: window.first,
      last: window.last,
      endedBefore: tx.now - keeping.historyKeepMs,
      floor: await floorOf(tx, keeping),
    },
  );
  return changes;
}

async function pruneDead(
  tx: WriteTx,
  { deadKeepMs }: Keeping,
  { first, last }: Window,
): Promise<number> {
  const { changes } = await tx.run(
    `delete from dead_letters where delivery_id in (
       select delivery_id from dead_letters
        where delivery_id between $first and $last and died_at <= $diedBefore
        order by delivery_id limit ${rowsMax})`,
    { first, last, diedBefore: tx.now - deadKeepMs },
  );
  return changes;
}

async function pruneAttempts(tx: WriteTx, { first, last }: Window): Promise<number> {
  const { changes } = await tx.run(
    `delete from attempts where (delivery_id, epoch) in (
       select a.delivery_id, a.epoch from attempts a
        where a.delivery_id between $first and $last
          and not exists (select 1 from deliveries where id = a.delivery_id)
          and not exists (select 1 from history where delivery_id = a.delivery_id)
          and not exists (select 1 from dead_letters where delivery_id = a.delivery_id)
        limit ${rowsMax})`,
    { first, last },
  );
  return changes;
}

// A message goes when nothing is left that would be read with it.
async function pruneMessages(tx: WriteTx, { first, last }: Window): Promise<number> {
  if (!(await isAnyLeft(tx, first, last))) {
    const { changes } = await tx.run("delete from messages where id between $first and $last", {
      first,
      last,
    });
    return changes;
  }
  const none = (table: string, id: string) =>
    `not exists (select 1 from ${table} where ${id} between messages.id and messages.id + messages.deliveries - 1)`;
  const { changes } = await tx.run(
    `delete from messages where id between $first and $last
        and ${none("deliveries", "deliveries.id")} and ${none("history", "delivery_id")}
        and ${none("dead_letters", "delivery_id")} and ${none("attempts", "delivery_id")}`,
    { first, last },
  );
  return changes;
}

/** Whether any delivery from `first` to `last` is still needed. Mostly none is, and asking each message for its own takes longer than deleting it. */
async function isAnyLeft(tx: ReadTx, first: number, last: number): Promise<boolean> {
  const row = await tx.get<{ left: number }>(
    `select exists (select 1 from deliveries where id between $first and $last)
         or exists (select 1 from history where delivery_id between $first and $last)
         or exists (select 1 from dead_letters where delivery_id between $first and $last)
         or exists (select 1 from attempts where delivery_id between $first and $last) as left`,
    { first, last },
  );
  return row!.left === 1;
}
