// A loss: messages were accepted, and the database knows nothing of them. A damaged log ends in silence where it stops
// adding up, so what tells is the mark that is kept outside of it (see store/high-water.ts).
import type { Clock } from "../core/clock.ts";
import type { Mark } from "../store/high-water.ts";
import { lossFault } from "../store/loss-fault.ts";
import type { ReadTx, Store, WriteTx } from "../store/store.ts";

/** The number of the newest delivery, for a statement that selects it; null when there was none. */
export const newestNumber = "(select id + deliveries - 1 from messages order by id desc limit 1)";

/**
 * Notes which deliveries are missing up to `mark`, so that no number is given out twice: how many; 0 when another command was faster. E_LOSS where
 * no power cut can have taken them and `accept` does not say to go on: within one boot, or when their commits had waited for the disk.
 */
export async function noticeLoss(
  { store, clock }: { store: Store; clock: Clock },
  mark: Mark,
  accept: boolean,
): Promise<number> {
  const note = async (tx: WriteTx) => {
    const newest = await newestDelivery(tx);
    const lost = mark.last - newest;
    if (lost <= 0) return 0;
    const mayBe = mark.boot !== clock.boot && mark.durable <= newest;
    if (!mayBe && !accept) throw lossFault(storyOf(store.path, newest, mark), store.path);
    // The next number is counted from the newest message, so one that nobody gets bears the last of those.
    await tx.run(
      `insert into messages (id, type, priority, sent_at, body) values ($last, 'skep.lost', 0, $now, x'')`,
      { last: mark.last, now: tx.now },
    );
    await tx.run(
      "insert into losses (last, first, noticed_at, cause) values ($last, $first, $now, $cause)",
      {
        last: mark.last,
        first: newest + 1,
        now: tx.now,
        cause: mayBe ? "reboot" : "accepted",
      },
    );
    return lost;
  };
  // Without it no command could finish anything on a full disk.
  return await store.write(note, { essential: true });
}

/** How many deliveries were ever lost, and when that was last noticed; undefined when none were. */
export async function lossesSoFar(
  tx: ReadTx,
): Promise<{ deliveries: number; noticedAt: number } | undefined> {
  const row = await tx.get<{ deliveries: number | null; noticedAt: number }>(
    "select sum(last - first + 1) as deliveries, max(noticed_at) as noticedAt from losses",
  );
  return row!.deliveries === null ? undefined : { ...row!, deliveries: row!.deliveries };
}

/** The number of the newest delivery; 0 when there was none. */
export async function newestDelivery(tx: ReadTx): Promise<number> {
  const row = await tx.get<{ newest: number | null }>(`select ${newestNumber} as newest`);
  return row!.newest ?? 0;
}

function storyOf(path: string, newest: number, { last }: Mark): string {
  return `${path} has lost what was accepted: it knows deliveries up to number ${newest}, and ${last} was given out`;
}
