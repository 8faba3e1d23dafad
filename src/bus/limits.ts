// Limits: how much an inbox holds and how fast it takes, how fast somebody sends, and how far each is used just now.
import { SkepError } from "../core/errors.ts";
import { didYouMean } from "../core/names.ts";
import type { ReadTx } from "../store/store.ts";
import type { BusSettings } from "./message.ts";
import { oldestReady } from "./oldest-ready.ts";
import { tokensOf } from "./rate.ts";

/** The limits on what goes into an inbox, or on what somebody sends. */
export interface Limits {
  name: string;
  /** What of `name` is limited: the inbox of that name, or what it sends. */
  of: "inbox" | "sends";
  /** How many deliveries and bytes it holds, the general limit where it has none of its own; null for what somebody sends. */
  cap: number | null;
  bytes: number | null;
  /** Null: as fast as it comes. */
  ratePerS: number | null;
  burst: number | null;
  /** Which of these were set for it. */
  own: ("cap" | "bytes" | "rate")[];
  /** How often something was refused because of them: by an inbox ever, of a sender since its limit was set. */
  refused: number;
  /** How many may come at once now; null without a rate. */
  tokens: number | null;
  /** How many deliveries and reserved slots it holds, how many processes wait to get something in, and how long the oldest ready one has been there, null when none is; all null for what somebody sends. */
  held: number | null;
  waiting: number | null;
  oldestMs: number | null;
}

/** All limits that were set, by name, or with `every` those of each inbox, temporary ones apart; none in a new home. */
export async function listLimits(
  tx: ReadTx,
  settings: BusSettings,
  { every = false } = {},
): Promise<Limits[]> {
  const isOne = every
    ? "temporary = 0"
    : "cap is not null or cap_bytes is not null or rate_per_s is not null";
  const inboxes = await tx.all<InboxRow>(
    `select ${inboxColumns} from ledger where ${isOne} order by inbox`,
  );
  const senders = await tx.all<SenderRow>(`select ${senderColumns} from senders order by name`);
  return [
    ...inboxes.map((row) => inboxLimits(row, settings, tx)),
    ...senders.map((row) => senderLimits(row, tx)),
  ].toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** The limits of `name`: of its inbox, and of what it sends if there are any. E_NOT_FOUND when there is neither. */
export async function showLimits(
  tx: ReadTx,
  settings: BusSettings,
  name: string,
): Promise<Limits[]> {
  const inbox = await tx.get<InboxRow>(`select ${inboxColumns} from ledger where inbox = $name`, {
    name,
  });
  const sender = await showSender(tx, name);
  if (inbox === undefined && sender === undefined) throw await nobody(tx, name);
  return [
    ...(inbox === undefined ? [] : [inboxLimits(inbox, settings, tx)]),
    ...(sender === undefined ? [] : [sender]),
  ];
}

/** The limits of what `name` sends; undefined when it has none. */
export async function showSender(tx: ReadTx, name: string): Promise<Limits | undefined> {
  const query = `select ${senderColumns} from senders where name = $name`;
  const row = await tx.get<SenderRow>(query, { name });
  return row === undefined ? undefined : senderLimits(row, tx);
}

interface SenderRow {
  name: string;
  ratePerS: number | null;
  burst: number | null;
  arrivalTick: number | null;
  refused: number;
}

interface InboxRow extends SenderRow {
  cap: number | null;
  bytes: number | null;
  held: number;
  waiting: number;
  oldest: number | null;
}

const senderColumns = "name, rate_per_s as ratePerS, burst, arrival_tick as arrivalTick, refused";
const inboxColumns = `inbox as name, cap, cap_bytes as bytes, rate_per_s as ratePerS, burst,
  arrival_tick as arrivalTick, refused, ready + delayed + leased + reserved as held,
  (select count(*) from waiters w
    where w.inbox = ledger.inbox and w.wants in ('room', 'turn') and w.waiting = 1) as waiting,
  (select max(m.sent_at, coalesce(d.due_at, 0)) from deliveries d join messages m on m.id = d.message_id
    where d.id = ${oldestReady("ledger")}) as oldest`;

function inboxLimits(
  { oldest, arrivalTick, ...row }: InboxRow,
  settings: BusSettings,
  { now, tick }: ReadTx,
): Limits {
  const own: Limits["own"] = [];
  if (row.cap !== null) own.push("cap");
  if (row.bytes !== null) own.push("bytes");
  if (row.ratePerS !== null) own.push("rate");
  return {
    ...row,
    of: "inbox",
    cap: row.cap ?? settings.inboxCap,
    bytes: row.bytes ?? settings.inboxBytes,
    own,
    tokens: tokensLeft({ ...row, arrivalTick }, tick),
    oldestMs: oldest === null ? null : Math.max(0, now - oldest),
  };
}

function senderLimits({ arrivalTick, ...row }: SenderRow, { tick }: ReadTx): Limits {
  const tokens = tokensLeft({ ...row, arrivalTick }, tick);
  const none = { cap: null, bytes: null, held: null, waiting: null, oldestMs: null };
  return { ...row, of: "sends", ...none, own: ["rate"], tokens };
}

function tokensLeft(
  { ratePerS, burst, arrivalTick }: Pick<SenderRow, "ratePerS" | "burst" | "arrivalTick">,
  tick: number,
): number | null {
  if (ratePerS === null || burst === null) return null;
  return tokensOf({ perS: ratePerS, burst, arrivalTick }, tick);
}

/** The error for a name that is neither. */
export async function nobody(tx: ReadTx, name: string): Promise<SkepError> {
  const known = await tx.all<{ name: string }>(
    "select inbox as name from ledger where temporary = 0 union select name from senders limit 10000",
  );
  const guess = didYouMean(
    name,
    known.map((row) => row.name),
  );
  return new SkepError("E_NOT_FOUND", `${name} is no inbox, and no sender with a limit`, {
    hint: guess ?? "skep inboxes lists the inboxes, skep limits the limits.",
  });
}
