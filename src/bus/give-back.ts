// A claim that ended without an ack: back to the inbox, or to the dead letters when the attempts are used up.
import type { WriteTx } from "../store/store.ts";
import { deadLetter } from "./dead-letter.ts";
import { ring } from "./doorbell.ts";
import { expireOne, isOverdue } from "./expire.ts";
import { move } from "./ledger.ts";
import type { BusSettings } from "./message.ts";
import { ringOne } from "./waiters.ts";

/** A claimed delivery, as far as ending the claim needs it. */
export interface Held {
  id: number;
  inbox: string;
  epoch: number;
  attempt: number;
  holder: string | null;
  claimedAt: number;
  expiresAt: number | null;
}

export const heldColumns =
  "id, inbox, epoch, attempt, holder, claimed_at as claimedAt, expires_at as expiresAt";

/**
 * How the claim ended. `nacked`: its holder says it could not; `expired`: the lease ran out; `died`: its holder
 * did; `returned`: taken back by a stop or a reboot, which spends no attempt.
 */
export type Ending = "nacked" | "expired" | "died" | "returned";

/** Ends the claim on `held`, which is leased. `delayMs` 0 makes it ready at once; what nobody wants any more expires instead. */
export async function giveBack(
  tx: WriteTx,
  settings: Pick<BusSettings, "maxAttempts">,
  held: Held,
  { ending, reason, delayMs }: { ending: Ending; reason: string | null; delayMs: number },
): Promise<"ready" | "delayed" | "dead" | "expired"> {
  const { id, inbox, epoch, attempt } = held;
  await tx.run(
    `insert into attempts (delivery_id, epoch, holder, claimed_at, ended_at, outcome, reason)
     values ($id, $epoch, $holder, $claimedAt, $now, $ending, $reason)`,
    { id, epoch, holder: held.holder, claimedAt: held.claimedAt, now: tx.now, ending, reason },
  );
  if (ending !== "returned" && attempt >= settings.maxAttempts) {
    await deadLetter(
      tx,
      id,
      `gave up after ${attempt === 1 ? "1 attempt" : `${attempt} attempts`}; the last one ${wording[ending]}${reason === null ? "" : `: ${reason}`}`,
    );
    return "dead";
  }
  if (isOverdue(held.expiresAt, tx.now)) {
    await expireOne(tx, inbox, id);
    return "expired";
  }
  const state = delayMs > 0 ? "delayed" : "ready";
  await tx.run(
    `update deliveries
        set state = $state, due_tick = $dueTick, lease_tick = null, attempt = $attempt,
            nonce = case when $keepReceipt then nonce end, alone = max(alone, $alone)
      where id = $id`,
    {
      id,
      state,
      dueTick: delayMs > 0 ? tx.tick + delayMs : null,
      attempt: ending === "returned" ? attempt - 1 : attempt,
      // A holder that was merely slow may still ack, as long as nobody else has claimed.
      keepReceipt: ending === "expired",
      alone: ending === "died" || ending === "expired",
    },
  );
  await move(tx, inbox, { leased: -1, [state]: 1 });
  if (state === "ready") await ringOne(tx, inbox, "mail", ring);
  return state;
}

/** How long a delivery rests after its `attempt`-th failure: anything from the least up to a ceiling that doubles with each, and is the most at last. */
export function backoffMs(
  settings: Pick<BusSettings, "backoffMinMs" | "backoffMaxMs">,
  attempt: number,
  random = Math.random(),
): number {
  const { backoffMinMs, backoffMaxMs } = settings;
  // Of what failed together not even the first retry comes together.
  const ceiling = Math.min(backoffMaxMs, backoffMinMs * 2 ** Math.min(attempt, 30));
  return Math.round(backoffMinMs + random * (ceiling - backoffMinMs));
}

const wording: Record<Ending, string> = {
  nacked: "was refused",
  expired: "outlived its lease",
  died: "lost its holder",
  returned: "was taken back",
};
