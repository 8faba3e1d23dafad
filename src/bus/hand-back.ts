// Handing back: the leases of a holder that died, of a run that stops, of a boot that is over.
import type { WriteTx } from "../store/store.ts";
import { type Ending, type Held, giveBack, heldColumns } from "./give-back.ts";
import type { BusSettings } from "./message.ts";

/** Gives back every lease of `holder`: how many it had. */
export async function handBack(
  tx: WriteTx,
  settings: Pick<BusSettings, "maxAttempts">,
  holder: string,
  ending: Ending,
  reason: string,
): Promise<number> {
  const leases = await tx.all<Held>(
    `select ${heldColumns} from deliveries where state = 'leased' and holder = $holder`,
    { holder },
  );
  for (const held of leases) await giveBack(tx, settings, held, { ending, reason, delayMs: 0 });
  return leases.length;
}

/** Gives back every lease, or every one in `inboxes` or held by one of these names, without spending an attempt: how many there were. */
export async function handBackAll(
  tx: WriteTx,
  settings: Pick<BusSettings, "maxAttempts">,
  reason: string,
  inboxes?: ReadonlySet<string>,
): Promise<number> {
  const all = await tx.all<Held>(`select ${heldColumns} from deliveries where state = 'leased'`);
  const leases = all.filter(
    ({ inbox, holder }) => inboxes?.has(inbox) !== false || inboxes.has(holder ?? ""),
  );
  for (const held of leases)
    await giveBack(tx, settings, held, { ending: "returned", reason, delayMs: 0 });
  return leases.length;
}
