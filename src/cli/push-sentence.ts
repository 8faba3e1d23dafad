// What became of a push of metrics, in the words that every command has for it.

export interface PushFacts {
  /** Who they were for. */
  to: string;
  points: number;
  rejected: number;
  /** Why it ended early; null when it went through. */
  kind: string | null;
  /** What was said of that, or of those that were not wanted. */
  why: string | null;
}

/** One sentence about it, without a full stop. */
export function pushSentence({ to, points, rejected, kind, why }: PushFacts): string {
  if (kind === "unread") return `metrics for ${to} cannot be read: ${why}`;
  if (kind !== null) return `metrics were not taken: ${to} ${why}`;
  if (rejected === 0) return `metrics are taken by ${to}`;
  const words = why === null ? "" : `: ${why}`;
  return `${to} did not want ${rejected} of ${points} points${words}`;
}
