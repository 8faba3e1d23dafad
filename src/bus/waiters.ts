// The processes that wait for an inbox, and whom a commit has to ring. The row is the truth; a ring is a hint.
import { type ProcessIdentity, answersSignals } from "../core/identity.ts";
import type { WriteTx } from "../store/store.ts";

export type Want = "mail" | "room";

export interface Waiter extends ProcessIdentity {
  /** The UDP port of its doorbell on loopback; null when it has none and looks by itself. */
  port: number | null;
  nonce: number;
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
  await tx.run(
    `insert into waiters (inbox, wants, pid, start_time, port, nonce, waiting, since)
     values ($inbox, $wants, $pid, $startTime, $port, $nonce, 1, $now)
     on conflict (pid, inbox, wants) do update set
       start_time = $startTime, port = $port, nonce = $nonce, waiting = 1, since = $now`,
    {
      inbox,
      wants,
      pid: waiter.pid,
      startTime: waiter.startTime,
      port: waiter.port,
      nonce: waiter.nonce,
      now: tx.now,
    },
  );
}

/** Notes that the process is busy with what it got and need not be rung. */
export async function pauseWaiting(
  tx: WriteTx,
  inbox: string,
  wants: Want,
  pid: number,
): Promise<void> {
  await tx.run(
    "update waiters set waiting = 0 where pid = $pid and inbox = $inbox and wants = $wants and waiting = 1",
    {
      pid,
      inbox,
      wants,
    },
  );
}

/** Forgets that the process waits for `inbox`. */
export async function stopWaiting(
  tx: WriteTx,
  inbox: string,
  wants: Want,
  pid: number,
): Promise<void> {
  await tx.run("delete from waiters where pid = $pid and inbox = $inbox and wants = $wants", {
    pid,
    inbox,
    wants,
  });
}

/** Forgets everything that the process `pid` waits for. */
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
    await tx.run("update waiters set waiting = 0 where id = $id", { id });
    tx.after(() => ring(port, nonce));
    rung++;
  }
}

/** Has every process that waits for anything rung after the commit: what happens concerns them all. */
export async function ringAll(tx: WriteTx, ring: Ring): Promise<void> {
  const waiters = await tx.all<Pick<Waiter, "port" | "nonce">>(
    "select distinct port, nonce from waiters where waiting = 1 and port is not null",
  );
  for (const { port, nonce } of waiters) tx.after(() => ring(port!, nonce));
}
