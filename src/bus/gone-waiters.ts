// Waiters that were killed: their rows stay, and are taken away by whoever comes across them.
import { type ProcessIdentity, answersSignals, isAlive } from "../core/identity.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";

/** The row of a process that is gone. */
export interface Gone {
  id: number;
  startTime: number;
}

// A look at a process costs 12 µs.
const looksMax = 32;

/** Those of 32 waiters, or of all when there are no more, whose process is gone; none when all of them live. `random`, from 0 to 1, says where among them to begin. */
export async function findGone(tx: ReadTx, random = Math.random()): Promise<Gone[]> {
  const columns = "id, pid, start_time as startTime from waiters";
  const lowest = "(select min(id) from waiters)";
  const place = `(${lowest} + ((select max(id) from waiters) - ${lowest}) * $random)`;
  const waiters = await tx.all<ProcessIdentity & Gone>(
    `select ${columns} where id >= ${place} order by id limit ${looksMax}`,
    { random },
  );
  if (waiters.length < looksMax)
    waiters.push(
      ...(await tx.all<ProcessIdentity & Gone>(
        `select ${columns} where id < ${place} order by id limit ${looksMax}`,
        { random },
      )),
    );
  return waiters.filter((waiter) => !runs(waiter));
}

/** Forgets those of `gone` that have not been taken over by another process meanwhile. */
export async function forgetGone(tx: WriteTx, gone: readonly Gone[]): Promise<void> {
  for (const { id, startTime } of gone)
    await tx.run("delete from waiters where id = $id and start_time = $startTime", {
      id,
      startTime,
    });
}

function runs(waiter: ProcessIdentity): boolean {
  if (!answersSignals(waiter.pid)) return false;
  // Where nothing says when a process started, its id has to do.
  return waiter.startTime === 0 || isAlive(waiter);
}
