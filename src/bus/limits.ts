// Limits: how much an inbox holds and how fast it takes, and how fast somebody sends. Set by hand; without one the general ones hold.
import { SkepError } from "../core/errors.ts";
import { checkName, didYouMean } from "../core/names.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";
import { ring } from "./doorbell.ts";
import { createInbox } from "./ledger.ts";
import type { BusSettings } from "./message.ts";
import { formatRate, usualBurst } from "./rate.ts";
import { ringEveryone } from "./waiters.ts";

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
  /** How often something was refused because of them. */
  refused: number;
}

/** New limits; what is left out stays as it is. */
export interface LimitChange {
  cap?: number | undefined;
  bytes?: number | undefined;
  ratePerS?: number | undefined;
  burst?: number | undefined;
}

/** What each limit can be at most. A sum with numbers beyond would be wrong, and none is of use. */
export const mostLimits = { cap: 1e9, bytes: 1e12, burst: 1e6, ratePerS: 1e6 } as const;

/** The slowest that a rate can be: about one message in a week. */
export const leastRatePerS = 1e-6;

/** All limits that were set, by name; none in a new home. */
export async function listLimits(tx: ReadTx, settings: BusSettings): Promise<Limits[]> {
  const inboxes = await tx.all<InboxRow>(
    `select ${inboxColumns} from ledger
      where cap is not null or cap_bytes is not null or rate_per_s is not null order by inbox`,
  );
  const senders = await tx.all<SenderRow>(`select ${senderColumns} from senders order by name`);
  return [
    ...inboxes.map((row) => inboxLimits(row, settings)),
    ...senders.map(senderLimits),
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
  const sender = await tx.get<SenderRow>(
    `select ${senderColumns} from senders where name = $name`,
    { name },
  );
  if (inbox === undefined && sender === undefined) throw await nobody(tx, name);
  return [
    ...(inbox === undefined ? [] : [inboxLimits(inbox, settings)]),
    ...(sender === undefined ? [] : [senderLimits(sender)]),
  ];
}

/** Sets limits of the inbox `name`, which is created when it is not there. E_USAGE for what is no limit, E_NAME, E_NOT_FOUND. */
export async function setInboxLimits(
  tx: WriteTx,
  settings: BusSettings,
  name: string,
  change: LimitChange,
): Promise<Limits> {
  checkChange(change);
  await createInbox(tx, name);
  const { cap, bytes } = change;
  const held = await tx.get<Paced>(
    "select rate_per_s as ratePerS, burst from ledger where inbox = $name",
    { name },
  );
  const { ratePerS, burst } = pace(change, held!);
  await tx.run(
    `update ledger
        set cap = coalesce($cap, cap), cap_bytes = coalesce($bytes, cap_bytes),
            rate_per_s = $ratePerS, burst = $burst, arrival_tick = null
      where inbox = $name`,
    { name, cap: cap ?? null, bytes: bytes ?? null, ratePerS, burst },
  );
  await ringEveryone(tx, ["room", "turn"], name, ring);
  return (await showLimits(tx, settings, name))[0]!;
}

/** Sets how fast `name` may send. E_USAGE for what is no limit, E_NAME. */
export async function setSenderLimits(
  tx: WriteTx,
  name: string,
  change: Pick<LimitChange, "ratePerS" | "burst">,
): Promise<Limits> {
  checkName(name, "agent");
  checkChange(change);
  const held = await tx.get<Paced>(
    "select rate_per_s as ratePerS, burst from senders where name = $name",
    { name },
  );
  const { ratePerS, burst } = pace(change, held ?? { ratePerS: null, burst: null });
  await tx.run(
    `insert into senders (name, rate_per_s, burst) values ($name, $ratePerS, $burst)
     on conflict (name) do update set rate_per_s = $ratePerS, burst = $burst, arrival_tick = null`,
    { name, ratePerS, burst },
  );
  await ringEveryone(tx, ["turn"], undefined, ring);
  const row = await tx.get<SenderRow>(`select ${senderColumns} from senders where name = $name`, {
    name,
  });
  return senderLimits(row!);
}

/** Takes the limits of the inbox `name` away, so that the general ones hold: whether it had any. E_NOT_FOUND when there is no such inbox. */
export async function clearInboxLimits(tx: WriteTx, name: string): Promise<boolean> {
  const had = await tx.get<{ had: number }>(
    `select cap is not null or cap_bytes is not null or rate_per_s is not null as had
       from ledger where inbox = $name`,
    { name },
  );
  if (had === undefined) throw (await senderOnly(tx, name)) ?? (await nobody(tx, name));
  await tx.run(
    `update ledger set cap = null, cap_bytes = null, rate_per_s = null, burst = null, arrival_tick = null
      where inbox = $name`,
    { name },
  );
  await ringEveryone(tx, ["room", "turn"], name, ring);
  return had.had === 1;
}

/** Lets `name` send as it likes: whether there was a limit. */
export async function clearSenderLimits(tx: WriteTx, name: string): Promise<boolean> {
  const { changes } = await tx.run("delete from senders where name = $name", { name });
  await ringEveryone(tx, ["turn"], undefined, ring);
  return changes === 1;
}

interface Paced {
  ratePerS: number | null;
  burst: number | null;
}

interface InboxRow extends Paced {
  name: string;
  cap: number | null;
  bytes: number | null;
  refused: number;
}

type SenderRow = Omit<InboxRow, "cap" | "bytes">;

const inboxColumns =
  "inbox as name, cap, cap_bytes as bytes, rate_per_s as ratePerS, burst, refused";
const senderColumns = "name, rate_per_s as ratePerS, burst, refused";

function inboxLimits(row: InboxRow, settings: BusSettings): Limits {
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
  };
}

function senderLimits(row: SenderRow): Limits {
  return { ...row, of: "sends", cap: null, bytes: null, own: ["rate"] };
}

/** The rate and the burst that there are after `change`. */
function pace({ ratePerS, burst }: LimitChange, held: Paced): Paced {
  if (ratePerS !== undefined) return { ratePerS, burst: burst ?? usualBurst(ratePerS) };
  if (burst === undefined) return held;
  if (held.ratePerS === null)
    throw new SkepError("E_USAGE", "a burst is a part of a rate, and there is no rate", {
      hint: `Add one: --rate ${formatRate(burst)} --burst ${burst}.`,
    });
  return { ratePerS: held.ratePerS, burst };
}

function checkChange({ cap, bytes, ratePerS, burst }: LimitChange): void {
  checkWhole("cap", cap, mostLimits.cap);
  checkWhole("bytes", bytes, mostLimits.bytes);
  checkWhole("burst", burst, mostLimits.burst);
  if (ratePerS !== undefined && !(ratePerS >= leastRatePerS && ratePerS <= mostLimits.ratePerS))
    throw new SkepError("E_USAGE", `a rate of ${ratePerS} messages a second cannot be kept`, {
      hint: `It can be up to ${mostLimits.ratePerS}/s. To stop an inbox or a sender, stop whoever sends.`,
    });
  if ([cap, bytes, ratePerS, burst].every((limit) => limit === undefined))
    throw new SkepError("E_USAGE", "which limit?", {
      hint: "Name at least one: --cap N, --bytes N, --rate N/s or --burst N.",
    });
}

function checkWhole(what: string, limit: number | undefined, most: number): void {
  if (limit === undefined || (Number.isInteger(limit) && limit >= 1 && limit <= most)) return;
  throw new SkepError("E_USAGE", `a limit of ${limit} for ${what} cannot be kept`, {
    hint: `It is a whole number from 1 to ${most}; skep limits clear takes a limit away.`,
  });
}

/** The error for whoever means what `name` sends and says its inbox; undefined when that has no limit. */
async function senderOnly(tx: ReadTx, name: string): Promise<SkepError | undefined> {
  if ((await tx.get("select 1 from senders where name = $name", { name })) === undefined) return;
  return new SkepError(
    "E_NOT_FOUND",
    `there is no inbox ${name}, only a limit on what ${name} sends`,
    {
      hint: `skep limits clear ${name} --sends takes that away.`,
    },
  );
}

async function nobody(tx: ReadTx, name: string): Promise<SkepError> {
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
