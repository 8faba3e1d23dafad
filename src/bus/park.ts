// Parking: what a stopped run leaves in its inboxes is held for the next one, and what a drain leaves until `resume`.
import type { WriteTx } from "../store/store.ts";
import { handBackAll } from "./hand-back.ts";
import { move } from "./ledger.ts";
import type { BusSettings } from "./message.ts";

/** Takes back every lease and parks every delivery under `run` (null: for a drain), or only those of `inboxes`: how many are parked, and how many leases were taken back. */
export async function parkAll(
  tx: WriteTx,
  settings: Pick<BusSettings, "maxAttempts">,
  run: number | null,
  inboxes?: ReadonlySet<string>,
): Promise<{ parked: number; returned: number }> {
  const reason = run === null ? "the bus was drained" : "the swarm went down";
  const returned = await handBackAll(tx, settings, reason, inboxes);
  let parked = 0;
  for (const state of ["ready", "delayed"] as const) {
    for (const { inbox, count, bytes } of await countBy(tx, state)) {
      if (inboxes?.has(inbox) === false) continue;
      // What is parked takes no room, or nobody could send to a swarm that is down.
      await move(tx, inbox, { [state]: -count, parked: count, bytes: -bytes });
      await tx.run(
        `update deliveries set state = 'parked', run = $run, due_tick = null, nonce = null
          where state = $state and inbox = $inbox`,
        { run, state, inbox },
      );
      parked += count;
    }
  }
  return { parked, returned };
}

/** Makes everything ready again that is parked for a drain, or under any run: how many there were. What its sender wants later waits on. */
export async function unparkAll(tx: WriteTx, by: "drain" | "run"): Promise<number> {
  const whose = by === "drain" ? "run is null" : "run is not null";
  const rows = await tx.all<{ inbox: string; count: number; delayed: number; bytes: number }>(
    `select inbox, count(*) as count, count(*) filter (where due_at > $now) as delayed, sum(bytes) as bytes
       from deliveries where state = 'parked' and ${whose} group by inbox`,
    { now: tx.now },
  );
  let count = 0;
  for (const row of rows) {
    const { inbox, delayed, bytes } = row;
    await move(tx, inbox, { parked: -row.count, delayed, ready: row.count - delayed, bytes });
    count += row.count;
  }
  await tx.run(
    `update deliveries
        set state = case when due_at > $now then 'delayed' else 'ready' end,
            run = null
      where state = 'parked' and ${whose}`,
    { now: tx.now },
  );
  return count;
}

async function countBy(
  tx: WriteTx,
  state: string,
): Promise<{ inbox: string; count: number; bytes: number }[]> {
  return await tx.all(
    `select inbox, count(*) as count, sum(bytes) as bytes
       from deliveries where state = $state group by inbox`,
    { state },
  );
}
