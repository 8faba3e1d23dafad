// The processes that wait for an inbox, and whom a commit has to ring. The row is the truth; a ring is a hint.
import { type Self, answersSignals } from "../core/identity.ts";
import { idList } from "../store/id-list.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";
import { textList, textsIn } from "../store/text-list.ts";
import { findGone, forgetGone } from "./gone-waiters.ts";

/** Mail that comes, room in a full inbox, or the turn that a rate gives. */
export type Want = "mail" | "room" | "turn";

export interface Waiter extends Self {
  /** The UDP port of its doorbell on loopback; null when it has none and looks by itself. */
  port: number | null;
  nonce: number;
  /** How much room it wants; left out: none. */
  places?: number | undefined;
  bytes?: number | undefined;
}

/** What tells one who waits from another. */
export type Who = Pick<Self, "pid" | "slot">;

/** The condition that a row of waiters is that of the one whose `key` is bound. */
export const ofWho = "pid = $pid and slot = $slot";

/** `who` as parameters for `ofWho`. */
export function key({ pid, slot = 0 }: Who): { pid: number; slot: number } {
  return { pid, slot };
}

/** Rings the doorbell behind a port; must not throw. */
export type Ring = (port: number, nonce: number) => void;

/** Notes that a process waits for `inbox` from now on; called in the transaction that found nothing, so no wake-up is lost between. */
export async function startWaiting(
  tx: WriteTx,
  inbox: string,
  wants: Want,
  waiter: Waiter,
): Promise<void> {
  const { lastId } = await tx.run(
    `insert into waiters (inbox, wants, pid, slot, start_time, port, nonce, waiting, since, places, bytes)
     values ($inbox, $wants, $pid, $slot, $startTime, $port, $nonce, 1, $now, $places, $bytes)
     on conflict (pid, slot, inbox, wants) do update set
       start_time = $startTime, port = $port, nonce = $nonce, waiting = 1, since = $now,
       places = $places, bytes = $bytes, rung_tick = null`,
    {
      inbox,
      wants,
      ...key(waiter),
      startTime: waiter.startTime,
      port: waiter.port,
      nonce: waiter.nonce,
      now: tx.now,
      places: waiter.places ?? 0,
      bytes: waiter.bytes ?? 0,
    },
  );
  // Nobody rings those who were killed while there is nothing to ring for, so they may become many.
  if (lastId % 32 === 0) await forgetGone(tx, await findGone(tx));
}

/** Notes that the process is busy with what it got and need not be rung. */
export async function pauseWaiting(
  tx: WriteTx,
  inbox: string,
  wants: Want,
  who: Who,
): Promise<void> {
  await tx.run(
    `update waiters set waiting = 0 where ${ofWho} and inbox = $inbox and wants = $wants and waiting = 1`,
    { ...key(who), inbox, wants },
  );
}

/** Forgets that the process waits for `inbox`. */
export async function stopWaiting(
  tx: WriteTx,
  inbox: string,
  wants: Want,
  who: Who,
): Promise<void> {
  await tx.run(`delete from waiters where ${ofWho} and inbox = $inbox and wants = $wants`, {
    ...key(who),
    inbox,
    wants,
  });
}

/** The number of the process in the line of `inbox`, in which it stands. */
export async function placeOf(tx: ReadTx, inbox: string, wants: Want, who: Who): Promise<number> {
  const row = await tx.get<{ id: number }>(
    `select id from waiters where ${ofWho} and inbox = $inbox and wants = $wants`,
    { ...key(who), inbox, wants },
  );
  return row!.id;
}

/** Forgets everything that the process `pid`, and any agent in it, waits for. */
export async function forgetWaiter(tx: WriteTx, pid: number): Promise<void> {
  await tx.run("delete from waiters where pid = $pid", { pid });
}

/** Has the longest waiting process that is still alive rung after the commit, and marks it as rung so that the next sender rings another. */
export async function ringOne(tx: WriteTx, inbox: string, wants: Want, ring: Ring): Promise<void> {
  await ringUpTo(1, tx, inbox, wants, ring);
}

/** As `ringOne`, for up to `most` of those who wait. */
export async function ringUpTo(
  most: number,
  tx: WriteTx,
  inbox: string,
  wants: Want,
  ring: Ring,
): Promise<void> {
  for (let rung = 0; rung < most;) {
    const waiter = await tx.get<Waiter & { id: number; port: number }>(
      `select id, pid, start_time as startTime, port, nonce from waiters
        where inbox in ($inbox) and wants in ($wants) and waiting = 1 and port is not null order by id limit 1`,
      { inbox, wants },
    );
    if (waiter === undefined) return;
    const { id, port, nonce } = waiter;
    // A guess is enough here: a ring that nobody hears only costs the next look's time.
    if (!answersSignals(waiter.pid)) {
      await tx.run("delete from waiters where id = $id", { id });
      continue;
    }
    await tx.run("update waiters set waiting = 0, rung_tick = $tick where id = $id", {
      id,
      tick: tx.tick,
    });
    tx.after(() => ring(port, nonce));
    rung++;
  }
}

/** As `ringOne`, for each of `inboxes`; a process that waits for several of them is rung once. */
export async function ringEach(
  tx: WriteTx,
  inboxes: readonly string[],
  wants: Want,
  ring: Ring,
): Promise<void> {
  const doorbells = new Map<string, Pick<Waiter, "nonce"> & { port: number }>();
  for (let left = inboxes; left.length > 0;) {
    const waiters = await tx.all<Waiter & { id: number; inbox: string; port: number }>(
      `select id, inbox, pid, start_time as startTime, port, nonce from waiters
        where id in (select min(id) from waiters
                      where inbox in (${textsIn("inboxes")}) and wants = $wants
                        and waiting = 1 and port is not null group by inbox)`,
      { inboxes: textList(left), wants },
    );
    const [alive, dead] = [[] as typeof waiters, [] as typeof waiters];
    for (const waiter of waiters) (answersSignals(waiter.pid) ? alive : dead).push(waiter);
    for (const { port, nonce } of alive) doorbells.set(`${port} ${nonce}`, { port, nonce });
    await markRung(tx, alive);
    for (const { id } of dead) await tx.run("delete from waiters where id = $id", { id });
    left = dead.map(({ inbox }) => inbox);
  }
  for (const { port, nonce } of doorbells.values()) tx.after(() => ring(port, nonce));
}

async function markRung(tx: WriteTx, waiters: readonly { id: number }[]): Promise<void> {
  if (waiters.length === 0) return;
  const { sql, value: ids } = idList(waiters.map(({ id }) => id));
  await tx.run(`update waiters set waiting = 0, rung_tick = $tick where id in (${sql})`, {
    ids,
    tick: tx.tick,
  });
}

/** Has every process that waits for anything rung after the commit: what happens concerns them all. */
export async function ringAll(tx: WriteTx, ring: Ring): Promise<void> {
  const waiters = await tx.all<Pick<Waiter, "port" | "nonce">>(
    "select distinct port, nonce from waiters where waiting = 1 and port is not null",
  );
  for (const { port, nonce } of waiters) tx.after(() => ring(port!, nonce));
}

/** Has every process rung after the commit that wants one of `wants`, of `inbox` or of any: what it waits for may be there now. */
export async function ringEveryone(
  tx: WriteTx,
  wants: readonly Want[],
  inbox: string | undefined,
  ring: Ring,
): Promise<void> {
  const waiters = await tx.all<Pick<Waiter, "port" | "nonce">>(
    `select distinct port, nonce from waiters
      where waiting = 1 and port is not null and (inbox = $inbox or $inbox is null)
        and wants in (${textsIn("wants")})`,
    { inbox: inbox ?? null, wants: textList(wants) },
  );
  for (const { port, nonce } of waiters) tx.after(() => ring(port!, nonce));
}
