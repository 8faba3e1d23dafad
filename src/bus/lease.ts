// The leases that somebody has, and their renewal.
import type { ReadTx, WriteTx } from "../store/store.ts";
import { textList, textsIn } from "../store/text-list.ts";

export interface Lease {
  id: number;
  epoch: number;
}

/** What `holder` has claimed and not settled; none when it holds nothing. */
export async function leasesOf(tx: ReadTx, holder: string): Promise<Lease[]> {
  return await tx.all<Lease>(
    "select id, epoch from deliveries where state = 'leased' and holder = $holder",
    { holder },
  );
}

/** Those of `holders` that hold something. */
export async function holdersAmong(tx: ReadTx, holders: readonly string[]): Promise<string[]> {
  const rows = await tx.all<{ holder: string }>(
    `select holder from working where holder in (${textsIn("holders")})`,
    { holders: textList(holders) },
  );
  return rows.map(({ holder }) => holder);
}

/** Moves the end of each of `leases` that is still the latest claim to `leaseMs` from now; one that was taken for longer stays as it is. */
export async function renewTx(
  tx: WriteTx,
  leases: readonly Lease[],
  leaseMs: number,
): Promise<void> {
  for (const { id, epoch } of leases) {
    await tx.run(
      `update deliveries set lease_tick = $leaseTick
        where id = $id and epoch = $epoch and state = 'leased' and lease_tick < $leaseTick`,
      {
        id,
        epoch,
        leaseTick: tx.tick + leaseMs,
      },
    );
  }
}
