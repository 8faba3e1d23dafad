// The table notices of vitals.db: how many alerts people were told of, and of how many they were not.
import type { ReadTx, WriteTx } from "../../store/store.ts";

/** How telling goes through one channel. */
export interface NoticeCount {
  channel: string;
  sent: number;
  failed: number;
  dropped: number;
  sentAt: number | null;
  /** When one last failed or was dropped, and why. */
  missedAt: number | null;
  error: string | null;
}

/** What became of one notice. */
export interface NoticeEnd {
  channel: string;
  what: "sent" | "failed" | "dropped";
  error: string | null;
  at: number;
}

/** Every channel that anything went through, by name. */
export async function listNotices(tx: ReadTx): Promise<NoticeCount[]> {
  return await tx.all<NoticeCount>(
    `select channel, sent, failed, dropped, sent_at as sentAt, missed_at as missedAt, error
       from notices order by channel`,
  );
}

/** Counts what became of notices, in the order in which it did. */
export async function countNotices(tx: WriteTx, ends: readonly NoticeEnd[]): Promise<void> {
  for (const [channel, ofChannel] of Map.groupBy(ends, (end) => end.channel)) {
    const count = (what: NoticeEnd["what"]) => ofChannel.filter((end) => end.what === what).length;
    const sent = ofChannel.findLast(({ what }) => what === "sent");
    const missed = ofChannel.findLast(({ what }) => what !== "sent");
    await tx.run(
      `insert into notices (channel, sent, failed, dropped, sent_at, missed_at, error)
       values ($channel, $sent, $failed, $dropped, $sentAt, $missedAt, $error)
       on conflict (channel) do update set
         sent = sent + excluded.sent, failed = failed + excluded.failed, dropped = dropped + excluded.dropped,
         sent_at = coalesce(excluded.sent_at, sent_at), missed_at = coalesce(excluded.missed_at, missed_at),
         error = coalesce(excluded.error, error)`,
      {
        channel,
        sent: count("sent"),
        failed: count("failed"),
        dropped: count("dropped"),
        sentAt: sent?.at ?? null,
        missedAt: missed?.at ?? null,
        error: missed?.error ?? null,
      },
    );
  }
}
