// Retiring: an inbox on which no agent of the swarm works any more takes nothing new while the address book is closed. Whoever
// sends there is told, instead of waiting for somebody who will not come; what lies in it stays, and can be taken out.
import type { WriteTx } from "../store/store.ts";
import { textList, textsIn } from "../store/text-list.ts";
import { ring } from "./doorbell.ts";
import { ringEveryone } from "./waiters.ts";

/** Retires those of `inboxes` that are there, and has those who wait to get something in look anew. */
export async function retireInboxes(tx: WriteTx, inboxes: readonly string[]): Promise<void> {
  const retired = await tx.all<{ inbox: string }>(
    `update ledger set retired_at = $now
      where inbox in (${textsIn("inboxes")}) and temporary = 0 and retired_at is null
      returning inbox`,
    { inboxes: textList(inboxes), now: tx.now },
  );
  for (const { inbox } of retired) await ringEveryone(tx, ["room", "turn"], inbox, ring);
}

/** Takes `inboxes` into service again: agents work on them. */
export async function employInboxes(tx: WriteTx, inboxes: readonly string[]): Promise<void> {
  await tx.run(
    `update ledger set retired_at = null where inbox in (${textsIn("inboxes")}) and retired_at is not null`,
    { inboxes: textList(inboxes) },
  );
}
