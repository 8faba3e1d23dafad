// Set limits, and clear them: how much an inbox holds and how fast it takes, and how fast somebody sends.
import { SkepError } from "../core/errors.ts";
import { checkName } from "../core/names.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";
import { ring } from "./doorbell.ts";
import { createInbox } from "./ledger.ts";
import { type Limits, nobody, showLimits, showSender } from "./limits.ts";
import type { BusSettings } from "./message.ts";
import { formatRate, usualBurst } from "./rate.ts";
import { ringEveryone } from "./waiters.ts";

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
  return (await showSender(tx, name))!;
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
