// Broadcasts: how long it took until everybody was through with what was sent to several at once. From the bus's own
// history; nothing here is sampled.
import type { ReadTx } from "../store/store.ts";

/** A message with several deliveries. */
export interface Broadcast {
  message: number;
  topic: string | null;
  type: string | null;
  deliveries: number;
  /** How many of them are over, and how many of those were acked. */
  ended: number;
  acked: number;
  sentAt: number;
  /** When the last one was over; null while one is not. */
  endedAt: number | null;
  /** From being sent until then; 0 where the wall clock was set back meanwhile. */
  totalMs: number | null;
}

/** Those of `messages` that went to several, the newest first. */
export async function readBroadcasts(tx: ReadTx, messages: Iterable<number>): Promise<Broadcast[]> {
  return await tx.all<Broadcast>(
    `select message, topic, type, deliveries, ended, acked, sent_at as sentAt, ended_at as endedAt, total_ms as totalMs
       from broadcasts where message in (select value from json_each($ids)) order by message desc`,
    { ids: JSON.stringify([...messages]) },
  );
}
