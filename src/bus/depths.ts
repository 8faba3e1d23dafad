// Depths: how full the inboxes are that are not empty, from the ledger alone.
import type { ReadTx } from "../store/store.ts";
import type { BusSettings } from "./message.ts";

export interface Depth {
  inbox: string;
  /** How many deliveries lie in it. */
  depth: number;
  /** How much of its cap is taken, in percent; slots for answers count too. */
  utilization: number;
}

/** Every inbox that is not empty, but for those of requests. Cheap, however much lies in them. */
export async function listDepths(
  tx: ReadTx,
  { inboxCap }: Pick<BusSettings, "inboxCap">,
): Promise<Depth[]> {
  return await tx.all<Depth>(
    `select inbox, ready + delayed + leased + parked as depth,
            100.0 * (ready + delayed + leased + reserved) / coalesce(cap, $inboxCap) as utilization
       from ledger where temporary = 0 and ready + delayed + leased + parked > 0`,
    { inboxCap },
  );
}
