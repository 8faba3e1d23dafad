// A new boot: ticks of the last one mean nothing now, and nobody who held or waited for anything is alive.
import type { Bus } from "./bus.ts";
import { handBackAll } from "./hand-back.ts";
import { move } from "./ledger.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";

/** Voids the leases and backoffs of an earlier boot, without spending an attempt; nothing when the boot is the one of the last command. */
export async function noticeBoot({
  store,
  clock,
  settings,
}: Pick<Bus, "store" | "clock" | "settings">): Promise<void> {
  if (await store.read((tx) => isBoot(tx, clock.boot))) return;
  await store.write(async (tx) => {
    if (await isBoot(tx, clock.boot)) return;
    await tx.run("delete from waiters");
    await handBackAll(tx, settings, "the machine was started anew");
    await endBackoffs(tx);
    await tx.run(
      "insert into meta (key, value) values ('boot', $boot) on conflict (key) do update set value = $boot",
      {
        boot: clock.boot,
      },
    );
  });
}

async function isBoot(tx: ReadTx, boot: string): Promise<boolean> {
  return (
    (await tx.get("select 1 from meta where key = 'boot' and value = $boot", { boot })) !==
    undefined
  );
}

async function endBackoffs(tx: WriteTx): Promise<void> {
  const inboxes = await tx.all<{ inbox: string; count: number }>(
    "select inbox, count(*) as count from deliveries where state = 'delayed' group by inbox",
  );
  await tx.run("update deliveries set state = 'ready', due_tick = null where state = 'delayed'");
  for (const { inbox, count } of inboxes) await move(tx, inbox, { delayed: -count, ready: count });
}
