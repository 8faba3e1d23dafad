// Leases that are renewed, as a test sees it.
import { waitUntil } from "../helpers/wait-until.ts";
import type { Workshop } from "./workshop.ts";

/** Resolves when the end of the lease of `id` has moved `count` times. */
export async function renewals(shop: Workshop, id: number, count: number): Promise<void> {
  for (let seen = 0; seen < count; seen++) {
    const before = await leaseTick(shop, id);
    await waitUntil("the lease is renewed", async () => (await leaseTick(shop, id)) > before);
  }
}

/** When the lease of `id` ends; not a number while it is not leased. */
export async function leaseTick({ bus }: Workshop, id: number): Promise<number> {
  const query = "select lease_tick as tick from deliveries where id = $id and state = 'leased'";
  const row = await bus.store.read((tx) => tx.get<{ tick: number }>(query, { id }));
  return row?.tick ?? Number.NaN;
}
