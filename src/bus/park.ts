// Parking: what a stopped run leaves in its inboxes is held for the next one.
import type { WriteTx } from "../store/store.ts";
import { handBackAll } from "./hand-back.ts";
import { move } from "./ledger.ts";
import type { BusSettings } from "./message.ts";

/** Takes back every lease and parks every delivery under `run`, or only those of `inboxes`: how many are parked, and how many leases were taken back. */
export async function parkAll(
  tx: WriteTx,
  settings: Pick<BusSettings, "maxAttempts">,
  run: number,
  inboxes?: ReadonlySet<string>,
): Promise<{ parked: number; returned: number }> {
  const returned = await handBackAll(tx, settings, "the swarm went down", inboxes);
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

/** Makes everything that is parked ready again: how many there were. */
export async function unparkAll(tx: WriteTx): Promise<number> {
  let count = 0;
  for (const row of await countBy(tx, "parked")) {
    await move(tx, row.inbox, { parked: -row.count, ready: row.count, bytes: row.bytes });
    count += row.count;
  }
  await tx.run("update deliveries set state = 'ready', run = null where state = 'parked'");
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
