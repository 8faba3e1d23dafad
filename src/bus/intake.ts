// Whether the bus takes work: one committed row closes it to claims and sends while a drain runs.
import { SkepError } from "../core/errors.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";
import { ring } from "./doorbell.ts";
import { ringAll } from "./waiters.ts";

/** Stops claims and sends until `openIntake`; owners may go on to settle what they hold. */
export async function closeIntake(tx: WriteTx, deadlineTick: number): Promise<void> {
  await tx.run(
    "insert into meta (key, value) values ('drain_tick', $tick) on conflict (key) do update set value = $tick",
    {
      tick: String(deadlineTick),
    },
  );
  // Whoever waits for what will not come should hear so now, and not at its next look.
  await ringAll(tx, ring);
}

/** Lets claims and sends in again. */
export async function openIntake(tx: WriteTx): Promise<void> {
  await tx.run("delete from meta where key = 'drain_tick'");
}

/** Whether claims and sends are refused. */
export async function isDraining(tx: ReadTx): Promise<boolean> {
  return (await tx.get("select 1 from meta where key = 'drain_tick'")) !== undefined;
}

/** The error for whoever comes while the bus drains. */
export function draining(): SkepError {
  return new SkepError(
    "E_DRAINING",
    "the bus is draining: it takes no claims and no new messages",
    {
      hint: "What is held may still be settled. skep up opens the bus again.",
      retryAfterMs: 1_000,
    },
  );
}
