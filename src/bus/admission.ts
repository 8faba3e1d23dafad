// Admission: what `admit` cannot settle in one statement. An inbox without room, a line of others who wait, or a rate.
import type { ReadTx, WriteTx } from "../store/store.ts";
import { type Arrival, type Load, admit, isRetired } from "./ledger.ts";
import { type Kept, isKeptForOthers } from "./line.ts";
import type { BusSettings } from "./message.ts";
import { type Rate, turnOf } from "./rate.ts";
import type { Refused } from "./refusal.ts";
import { isRouted } from "./routes.ts";
import { senderRate, setSenderArrival } from "./senders.ts";
import { makeRoom } from "./sweep.ts";
import type { Who } from "./waiters.ts";

/** What a sender has to show for having waited. */
export interface Pass {
  who: Who;
  /** By inbox, its number in the line of those who wait for room there. */
  places: ReadonlyMap<string, number>;
  /** By inbox, and by "" for its own rate: turns that are taken and not used yet. */
  turns: Map<string, TakenTurn>;
}

export interface TakenTurn {
  /** For how many messages. */
  count: number;
  atTick: number;
  /** What was due next, once it was taken. */
  arrivalTick: number;
}

/** An arrival, with what its sender has to show. Without a pass it does not stand in line: it cannot wait, and may be what makes room. */
export interface Entry extends Arrival {
  pass?: Pass | undefined;
}

/**
 * Puts the load of `entry` on the account of its inbox if it may go there now; "unknown" when there is no such inbox, "bound" when
 * routes have a say in where it goes and the way is not known to be open.
 */
export async function enter(
  tx: WriteTx,
  settings: BusSettings,
  entry: Entry,
): Promise<"entered" | "unknown" | "bound" | Refused> {
  if (await admit(tx, settings, entry)) return "entered";
  if (entry.routed !== true && (await isRouted(tx, entry.from, entry.inbox))) return "bound";
  const judged = await judge(tx, settings, entry);
  if (judged === "unknown" || "why" in judged) return judged;
  await enterAllowed(tx, entry, judged);
  return "entered";
}

/** Puts the load of an entry that was allowed on the account of its inbox, and uses the turns it had taken. */
export async function enterAllowed(
  tx: WriteTx,
  { inbox, load, from, pass }: Entry,
  { arrivals }: Allowed,
): Promise<void> {
  await tx.run(
    `update ledger set ready = ready + $deliveries, sent = sent + $deliveries,
            reserved = reserved + $slots, bytes = bytes + $bytes
      where inbox = $inbox`,
    { inbox, ...load },
  );
  for (const { key, arrivalTick } of arrivals) {
    if (arrivalTick === null) useTurn(pass!.turns, key, load.deliveries);
    else await setArrival(tx, key, from, arrivalTick);
  }
}

/** Whether `entry` may go now, and what its rates say is due next then; null for a turn that it has taken. */
export interface Allowed {
  arrivals: { key: string; arrivalTick: number | null }[];
}

/** Whether `entry` may go now; what takes up room and need not is seen to first. */
export async function judge(
  tx: WriteTx,
  settings: BusSettings,
  { inbox, load, from, pass, routed, isTemporary = false }: Entry,
): Promise<"unknown" | Refused | Allowed> {
  let standing = await standingOf(tx, settings, inbox);
  if (standing === undefined || (standing.temporary === 1) !== isTemporary) return "unknown";
  if (standing.retired === 1 && routed !== true && (await isRetired(tx, inbox))) return "unknown";
  const { cap, capBytes, rate } = standing;
  const refused = { inbox, load, from, never: false };
  if (isTooFull({ ...standing, taken: 0, bytes: 0 }, load))
    return { ...refused, why: "full", never: true };
  // A refusal takes back what was seen to, so none of it is left to the next sender.
  while (isTooFull(standing, load) && (await makeRoom(tx, settings, inbox)))
    standing = (await standingOf(tx, settings, inbox))!;
  if (isTooFull(standing, load)) return { ...refused, why: "full" };
  if (pass !== undefined) {
    const { taken, bytes } = standing;
    const withOthers = (kept: Kept) =>
      isTooFull({ cap, capBytes, taken: taken + kept.places, bytes: bytes + kept.bytes }, load);
    const self = { who: pass.who, place: pass.places.get(inbox) };
    if (await isKeptForOthers(tx, inbox, self, withOthers)) return { ...refused, why: "line" };
  }
  if (load.deliveries === 0) return { arrivals: [] };
  const arrivals: Allowed["arrivals"] = [];
  for (const [why, key, limit] of [
    ["sender rate", ownKey, await senderRate(tx, from)],
    ["inbox rate", inbox, rate],
  ] as const) {
    if (limit === undefined) continue;
    const turn = turnNow(limit, tx.tick, load.deliveries, pass?.turns.get(key));
    if (turn === undefined) return { ...refused, why, never: true, rate: limit };
    if (turn.waitMs > 0) return { ...refused, why, rate: limit, turn };
    arrivals.push({ key, arrivalTick: turn.arrivalTick });
  }
  return { arrivals };
}

/** Takes the turn that `refused` has to wait for, so that nobody who comes later comes before it; nothing when it has it already. */
export async function takeTurn(
  tx: WriteTx,
  { from, ...refused }: Refused,
): Promise<TurnOf | undefined> {
  const { waitMs, arrivalTick } = refused.turn!;
  if (arrivalTick === null) return undefined;
  const key = refused.why === "sender rate" ? ownKey : refused.inbox;
  await setArrival(tx, key, from, arrivalTick);
  return { key, count: refused.load.deliveries, atTick: tx.tick + waitMs, arrivalTick };
}

/** A turn that was taken, and by which key the pass has it. */
export type TurnOf = TakenTurn & { key: string };

/** Gives up turns that were not used: whoever comes next may have one, unless somebody has the one after it already. */
export async function giveUpTurns(
  tx: WriteTx,
  from: string | null,
  turns: Pass["turns"],
): Promise<void> {
  for (const [key, { count, arrivalTick }] of turns) {
    const [table, name] = key === ownKey ? ["senders", "name"] : ["ledger", "inbox"];
    await tx.run(
      `update ${table} set arrival_tick = arrival_tick - $count * 1000.0 / rate_per_s
        where ${name} = $of and arrival_tick = $arrivalTick`,
      { of: key === ownKey ? from : key, count, arrivalTick },
    );
  }
}

// The name of no inbox.
const ownKey = "";

// Whoever comes later than that after its turn has none: two who kept theirs could come at once.
const turnLastsMs = 1_000;

interface Standing {
  /** Places that are taken, and bytes. */
  taken: number;
  bytes: number;
  cap: number;
  capBytes: number;
  temporary: number;
  retired: number;
}

async function standingOf(
  tx: ReadTx,
  settings: BusSettings,
  inbox: string,
): Promise<(Standing & { rate: Rate | undefined }) | undefined> {
  const row = await tx.get<Standing & { perS: number | null; burst: number; arrivalTick: number }>(
    `select ready + delayed + leased + reserved as taken, bytes,
            coalesce(cap, $cap) as cap, coalesce(cap_bytes, $capBytes) as capBytes,
            rate_per_s as perS, burst, arrival_tick as arrivalTick, temporary,
            retired_at is not null as retired
       from ledger where inbox = $inbox`,
    { inbox, cap: settings.inboxCap, capBytes: settings.inboxBytes },
  );
  if (row === undefined) return undefined;
  const { perS, burst, arrivalTick, ...standing } = row;
  return { ...standing, rate: perS === null ? undefined : { perS, burst, arrivalTick } };
}

function isTooFull(
  { taken, bytes, cap, capBytes }: Omit<Standing, "temporary" | "retired">,
  load: Load,
): boolean {
  // A slot has no bytes yet, so only deliveries are weighed.
  const tooHeavy = load.deliveries > 0 && bytes + load.bytes > capBytes;
  return tooHeavy || taken + load.deliveries + load.slots > cap;
}

/** The turn of `count` messages, of which one may be `taken`; null for its arrival says that it is that one. Undefined: never. */
function turnNow(
  rate: Rate,
  tick: number,
  count: number,
  taken: TakenTurn | undefined,
): { waitMs: number; arrivalTick: number | null } | undefined {
  const turn = turnOf(rate, tick, count);
  if (taken === undefined || taken.count < count || tick > taken.atTick + turnLastsMs) return turn;
  if (tick >= taken.atTick) return { waitMs: 0, arrivalTick: null };
  // Somebody may have raised the limit since.
  return turn?.waitMs === 0 ? turn : { waitMs: taken.atTick - tick, arrivalTick: null };
}

function useTurn(turns: Pass["turns"], key: string, count: number): void {
  const taken = turns.get(key)!;
  if (taken.count <= count) turns.delete(key);
  else turns.set(key, { ...taken, count: taken.count - count });
}

async function setArrival(
  tx: WriteTx,
  key: string,
  from: string | null,
  arrivalTick: number,
): Promise<void> {
  if (key === ownKey) return await setSenderArrival(tx, from!, arrivalTick);
  await tx.run("update ledger set arrival_tick = $arrivalTick where inbox = $key", {
    key,
    arrivalTick,
  });
}
