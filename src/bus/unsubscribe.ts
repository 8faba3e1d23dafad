// Unsubscribe: an inbox gets no more of what is published. What it has got stays.
import { SkepError } from "../core/errors.ts";
import { checkName, didYouMean } from "../core/names.ts";
import type { WriteTx } from "../store/store.ts";
import { checkPattern } from "./topic.ts";

export interface Unsubscribed {
  topic: string;
  inbox: string;
}

/** Takes the subscription of `inbox` to `pattern` back. E_NOT_FOUND when there is none, E_NAME. */
export async function unsubscribeTx(
  tx: WriteTx,
  pattern: string,
  inbox: string,
): Promise<Unsubscribed> {
  checkPattern(pattern);
  checkName(inbox, "inbox");
  const { changes } = await tx.run(
    "delete from subscriptions where pattern = $pattern and inbox = $inbox",
    { pattern, inbox },
  );
  if (changes === 0) throw await notSubscribed(tx, pattern, inbox);
  return { topic: pattern, inbox };
}

async function notSubscribed(tx: WriteTx, pattern: string, inbox: string): Promise<SkepError> {
  const others = await tx.all<{ pattern: string }>(
    "select pattern from subscriptions where inbox = $inbox limit 10000",
    { inbox },
  );
  const guess = didYouMean(
    pattern,
    others.map((other) => other.pattern),
  );
  return new SkepError("E_NOT_FOUND", `inbox ${inbox} is not subscribed to ${pattern}`, {
    hint: guess ?? "skep topics lists who is subscribed to what.",
  });
}
