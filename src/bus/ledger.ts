// The ledger: one row per inbox whose sums must add up at every commit (the schema checks that they do).
import { SkepError } from "../core/errors.ts";
import { anybody, checkName, didYouMean } from "../core/names.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";
import { textList, textsIn } from "../store/text-list.ts";
import type { BusSettings } from "./message.ts";
import { slackMs } from "./rate.ts";

/** The columns that count deliveries (`bytes` counts bytes of bodies). */
export type Account =
  | "ready"
  | "delayed"
  | "leased"
  | "parked"
  | "reserved"
  | "bytes"
  | "sent"
  | "moved_in"
  | "moved_out"
  | "acked"
  | "dead"
  | "expired"
  | "purged";

export type Movement = Partial<Record<Account, number>>;

/** Adds `movement` to the row of `inbox`; nothing happens when there is no such inbox. */
export async function move(tx: WriteTx, inbox: string, movement: Movement): Promise<void> {
  const accounts = Object.keys(movement) as Account[];
  const sets = accounts.map((account) => `${account} = ${account} + $${account}`).join(", ");
  await tx.run(`update ledger set ${sets} where inbox = $inbox`, { ...movement, inbox });
}

/** What an inbox is asked to take: deliveries with so many bytes of bodies in all, and slots for replies to come. */
export interface Load {
  deliveries: number;
  slots: number;
  bytes: number;
}

// A slot has no bytes yet, so only deliveries are weighed.
const fits = `ready + delayed + leased + reserved + $deliveries + $slots <= coalesce(cap, $cap)
          and ($deliveries = 0 or bytes + $bytes <= coalesce(cap_bytes, $capBytes))`;

// What `turnOf` (rate.ts) decides, for one of many rows: when the next arrival is due once these have come, and whether they may
// come now. Without a rate the first is null, and slots are no arrivals.
const arrival = "max(coalesce(arrival_tick, $tick), $tick) + $deliveries * 1000.0 / rate_per_s";
const inTime = `(rate_per_s is null or $deliveries = 0
           or ${arrival} - burst * 1000.0 / rate_per_s - $tick <= ${slackMs})`;

/** Who wants to put what where. */
export interface Arrival {
  inbox: string;
  load: Load;
  /** Who sends; null when it does not say. */
  from: string | null;
  /** Whether its way is known to be open: a route leads there, or it is an answer. */
  routed?: boolean | undefined;
  /** Whether it is the temporary inbox that its sender made for an answer; any other temporary one is none to it. */
  isTemporary?: boolean | undefined;
}

const unlessConsidered = `update ledger set ready = ready + $deliveries, sent = sent + $deliveries,
            reserved = reserved + $slots, bytes = bytes + $bytes, arrival_tick = ${arrival}
      where inbox = $inbox and temporary = $temporary and retired_at is null and ${fits} and ${inTime}
        and not exists (select 1 from waiters where inbox = $inbox and wants = 'room')
        and not exists (select 1 from senders where name = $from)`;
const unlessBound = `${unlessConsidered}
        and not exists (select 1 from routes where sender = $from)
        and not exists (select 1 from routes where sender = '${anybody}' and address = $inbox)`;

/**
 * Puts the load of an arrival on the account of its inbox, in one statement when there is nothing to be considered: true. Otherwise nothing
 * is done: it is full, or none, or nobody works on it, or it came too fast, or others wait for room, or its sender has a rate
 * or an address book of its own, or another inbox stands in for it (see admission.ts).
 */
export async function admit(
  tx: WriteTx,
  settings: BusSettings,
  { inbox, load, from, routed = false, isTemporary = false }: Arrival,
): Promise<boolean> {
  const { changes } = await tx.run(routed ? unlessConsidered : unlessBound, {
    inbox,
    ...load,
    from,
    temporary: isTemporary ? 1 : 0,
    tick: tx.tick,
    cap: settings.inboxCap,
    capBytes: settings.inboxBytes,
  });
  return changes === 1;
}

/** Those of `inboxes` where `load` cannot go without a closer look, by name (see admission.ts); none mostly. */
export async function findDoubtful(
  tx: ReadTx,
  settings: BusSettings,
  inboxes: readonly string[],
  load: Load,
): Promise<string[]> {
  const rows = await tx.all<{ inbox: string }>(
    `select inbox from ledger
      where inbox in (${textsIn("inboxes")})
        and (not (${fits} and ${inTime}) or retired_at is not null
             or exists (select 1 from waiters w where w.inbox = ledger.inbox and w.wants = 'room'))
      order by inbox`,
    {
      inboxes: textList(inboxes),
      ...load,
      tick: tx.tick,
      cap: settings.inboxCap,
      capBytes: settings.inboxBytes,
    },
  );
  return rows.map(({ inbox }) => inbox);
}

/** Puts one delivery of `bytes` on the account of each of `inboxes`, none of which may be doubtful. */
export async function admitToEach(
  tx: WriteTx,
  inboxes: readonly string[],
  bytes: number,
): Promise<void> {
  await tx.run(
    `update ledger set ready = ready + $deliveries, sent = sent + $deliveries, bytes = bytes + $bytes,
            arrival_tick = ${arrival}
      where inbox in (${textsIn("inboxes")})`,
    { inboxes: textList(inboxes), deliveries: 1, bytes, tick: tx.tick },
  );
}

/** Whether `inbox` is there. */
export async function inboxExists(tx: ReadTx, inbox: string): Promise<boolean> {
  return (await tx.get("select 1 from ledger where inbox = $inbox", { inbox })) !== undefined;
}

/** Whether anybody may send to `inbox`: it is there, and not the temporary one of a request. */
export async function takesMessages(tx: ReadTx, inbox: string): Promise<boolean> {
  const row = await tx.get("select 1 from ledger where inbox = $inbox and temporary = 0", {
    inbox,
  });
  return row !== undefined;
}

/** Creates `inbox`, `evenIfClosed` or only while the address book is open; false when it is there already. E_NAME when that is no name; E_NOT_FOUND when the address book is closed, for an inbox that is not there or is retired, or it is the temporary inbox of a request. */
export async function createInbox(
  tx: WriteTx,
  inbox: string,
  { evenIfClosed = false } = {},
): Promise<boolean> {
  const found = await tx.get<{ temporary: number }>(
    "select temporary from ledger where inbox = $inbox",
    { inbox },
  );
  if (found?.temporary === 0) {
    if (await isRetired(tx, inbox)) throw retired(inbox);
    return false;
  }
  if (found !== undefined)
    throw new SkepError("E_NOT_FOUND", `there is no inbox ${inbox} to be sent to`, {
      hint: "It is the temporary inbox of a request: only the answer to that goes there.",
    });
  checkName(inbox, "inbox");
  if (!evenIfClosed && (await isAddressBookClosed(tx))) throw await unknownInbox(tx, inbox);
  await tx.run("insert into ledger (inbox, created_at) values ($inbox, $now)", {
    inbox,
    now: tx.now,
  });
  return true;
}

/** Whether nothing but answers may go into `inbox`: no agent works on it any more, and the address book is closed (see retire.ts). */
export async function isRetired(tx: ReadTx, inbox: string): Promise<boolean> {
  const row = await tx.get("select 1 from ledger where inbox = $inbox and retired_at is not null", {
    inbox,
  });
  return row !== undefined && (await isAddressBookClosed(tx));
}

/** The error for whoever would have something go to `inbox`, which is retired. */
export function retired(inbox: string): SkepError {
  return new SkepError("E_NOT_FOUND", `no agent works on ${inbox} any more`, {
    hint: `Nothing goes there until skep up or skep scale brings one back; skep ps lists who there is. skep recv ${inbox} takes out what is left.`,
  });
}

/** Creates the temporary inbox of a request, which nobody needs from `expiresAt` on (see temporary.ts). Only the answer that is asked for goes there. */
export async function createTemporaryInbox(
  tx: WriteTx,
  inbox: string,
  expiresAt: number,
): Promise<void> {
  await tx.run(
    `insert into ledger (inbox, created_at, temporary, expires_at) values ($inbox, $now, 1, $expiresAt)`,
    { inbox, now: tx.now, expiresAt },
  );
}

/** The error for an inbox that is not there, with the name that was probably meant. */
export async function unknownInbox(tx: ReadTx, inbox: string): Promise<SkepError> {
  const known = await tx.all<{ inbox: string }>(
    "select inbox from ledger where temporary = 0 and retired_at is null limit 10000",
  );
  const guess = didYouMean(
    inbox,
    known.map((row) => row.inbox),
  );
  return new SkepError("E_NOT_FOUND", `there is no inbox ${inbox}`, {
    hint: guess ?? "skep inboxes lists them.",
  });
}

/** Closes the address book: from now on only names that are there can be sent to. `up` does this. */
export async function closeAddressBook(tx: WriteTx): Promise<void> {
  await tx.run(
    "insert into meta (key, value) values ('address_book', 'closed') on conflict (key) do update set value = 'closed'",
  );
}

/** Opens the address book again. */
export async function openAddressBook(tx: WriteTx): Promise<void> {
  await tx.run("delete from meta where key = 'address_book'");
}

async function isAddressBookClosed(tx: ReadTx): Promise<boolean> {
  return (await tx.get("select 1 from meta where key = 'address_book'")) !== undefined;
}
