// Who is subscribed to what.
import type { ReadTx } from "../store/store.ts";

export interface Subscription {
  topic: string;
  inbox: string;
  /** Milliseconds since 1970. */
  createdAt: number;
  /** How many of skep's own messages it missed because the inbox was full. */
  skipped: number;
}

/** Every subscription by topic and inbox; none when nobody is subscribed to anything. */
export async function listTopics(tx: ReadTx): Promise<Subscription[]> {
  return await tx.all<Subscription>(
    `select pattern as topic, inbox, created_at as createdAt, skipped
       from subscriptions order by pattern, inbox`,
  );
}
