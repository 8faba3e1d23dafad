// A new boot: ticks of the last one mean nothing now, and nobody who held or waited for anything is alive.
import type { Bus } from "./bus.ts";
import { parkAtBoot } from "./drain.ts";
import { handBackAll } from "./hand-back.ts";
import { move } from "./ledger.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";

/** Voids the leases, backoffs and rates' reckoning of an earlier boot, without spending an attempt, and ends a drain's waiting; nothing when another command was faster. */
export async function noticeBoot({
  store,
  clock,
  settings,
}: Pick<Bus, "store" | "clock" | "settings">): Promise<void> {
  const begin = async (tx: WriteTx) => {
    if (await isBoot(tx, clock.boot)) return;
    await tx.run("delete from waiters");
    // The tick of its deadline is another one that means nothing now.
    await parkAtBoot(tx, settings);
    await handBackAll(tx, settings, "the machine was started anew");
    await endBackoffs(tx);
    await tx.run("update ledger set arrival_tick = null where arrival_tick is not null");
    await tx.run("update senders set arrival_tick = null");
    await tx.run(
      "insert into meta (key, value) values ('boot', $boot) on conflict (key) do update set value = $boot",
      {
        boot: clock.boot,
      },
    );
  };
  // It only ends what was under way, and without it no command could finish anything on a full disk.
  await store.write(begin, { essential: true });
}

async function isBoot(tx: ReadTx, boot: string): Promise<boolean> {
  return (
    (await tx.get("select 1 from meta where key = 'boot' and value = $boot", { boot })) !==
    undefined
  );
}

async function endBackoffs(tx: WriteTx): Promise<void> {
  const inboxes = await tx.all<{ inbox: string; count: number }>(
    "select inbox, count(*) as count from deliveries where state = 'delayed' and due_at is null group by inbox",
  );
  await tx.run(
    "update deliveries set state = 'ready', due_tick = null where state = 'delayed' and due_at is null",
  );
  for (const { inbox, count } of inboxes) await move(tx, inbox, { delayed: -count, ready: count });
}
