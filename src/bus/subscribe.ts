// Subscribe: from now on an inbox gets what is published on the topics that a pattern matches.
import { checkName } from "../core/names.ts";
import type { WriteTx } from "../store/store.ts";
import { createInbox } from "./ledger.ts";
import { checkPattern } from "./topic.ts";

export interface Subscribed {
  topic: string;
  inbox: string;
  /** Present when it was so before. */
  already?: true;
  /** Present when the inbox came into being with it. */
  created?: true;
}

/**
 * Subscribes `inbox`, which is created when it is not there, to `pattern`. E_NAME; E_NOT_FOUND when it is unknown and the address book closed,
 * unless `evenIfClosed` says that it is for whoever subscribes, who can hardly have misspelt it.
 */
export async function subscribeTx(
  tx: WriteTx,
  pattern: string,
  inbox: string,
  { evenIfClosed = false } = {},
): Promise<Subscribed> {
  checkPattern(pattern);
  checkName(inbox, "inbox");
  const created = await createInbox(tx, inbox, { evenIfClosed });
  const { changes } = await tx.run(
    `insert into subscriptions (pattern, inbox, created_at) values ($pattern, $inbox, $now)
     on conflict (pattern, inbox) do nothing`,
    { pattern, inbox, now: tx.now },
  );
  return {
    topic: pattern,
    inbox,
    ...(changes === 0 && { already: true as const }),
    ...(created && { created: true as const }),
  };
}
