// The line of those who wait for room in an inbox: first come, first served, and nobody jumps it.
import { answersSignals } from "../core/identity.ts";
import type { WriteTx } from "../store/store.ts";
import { ring } from "./doorbell.ts";
import { type Who, key, ofWho, ringOne, stopWaiting } from "./waiters.ts";

/** What is kept for those who stand in front. */
export interface Kept {
  places: number;
  bytes: number;
}

// Whoever was told of room and has not come by then is stopped or busy: the others need not wait for it.
const comesWithinMs = 1_000;

// Those who cannot be rung look by themselves, and one that is stopped would keep room for ever.
const inFront = `inbox in ($inbox) and wants = 'room' and port is not null and not (${ofWho}) and id < $place`;

/** Takes `who` out of the line of `inbox`: what room there is, is the next one's. */
export async function leaveLine(tx: WriteTx, inbox: string, who: Who): Promise<void> {
  await stopWaiting(tx, inbox, "room", who);
  await ringOne(tx, inbox, "room", ring);
}

/** Whether what is kept for those before `place` in the line of `inbox` makes it too full, as `tooFull` tells; the dead leave the line, and its head is rung when there is room for it. */
export async function isKeptForOthers(
  tx: WriteTx,
  inbox: string,
  { who, place = Number.MAX_SAFE_INTEGER }: { who: Who; place?: number | undefined },
  tooFull: (kept: Kept) => boolean,
): Promise<boolean> {
  const line = { inbox, ...key(who), place };
  for (;;) {
    const kept = await tx.get<Kept>(
      `select coalesce(sum(places), 0) as places, coalesce(sum(bytes), 0) as bytes from waiters
        where ${inFront} and (rung_tick is null or rung_tick > $late)`,
      { ...line, late: tx.tick - comesWithinMs },
    );
    if (!tooFull(kept!)) return false;
    const heads = await tx.all<{ id: number; pid: number; waiting: number }>(
      `select id, pid, waiting from waiters where ${inFront} order by id limit 10`,
      line,
    );
    const dead = heads.filter((head) => !answersSignals(head.pid));
    if (dead.length === 0) {
      // Room came, and nobody was told: whoever would have told them died, say.
      if (heads[0]?.waiting === 1) await ringOne(tx, inbox, "room", ring);
      return true;
    }
    for (const { id } of dead) await tx.run("delete from waiters where id = $id", { id });
  }
}
