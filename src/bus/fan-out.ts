// Fan-out: what is published on a topic goes into the inbox of everybody who is subscribed to it.
import type { ReadTx, WriteTx } from "../store/store.ts";
import { textList, textsIn } from "../store/text-list.ts";
import type { Pass } from "./admission.ts";
import { ring } from "./doorbell.ts";
import { insertForEach } from "./insert.ts";
import { type BusSettings, type Content, checkContent } from "./message.ts";
import type { Refused } from "./refusal.ts";
import { enterEach, foremost, judgeEach } from "./several.ts";
import { checkTopic, patternsOf } from "./topic.ts";

/** What a publisher hands in. Without a type the message is of the type that its topic names. */
export interface Publication extends Content {
  topic: string;
}

/** What a publisher gets back once the message is committed. */
export interface Published {
  /** The message's id; null when nobody is subscribed, and so there is no message. */
  id: number | null;
  topic: string;
  /** How many inboxes got it. */
  deliveries: number;
}

export interface Publisher {
  /** Who publishes; null when it does not say. */
  from: string | null;
  /** Leave full inboxes out and count that in their subscriptions, as is right for skep's own topics; otherwise it is all or nothing. */
  skipFull?: boolean | undefined;
  /** What it has to show when it has waited. */
  pass?: Pass | undefined;
}

/**
 * Puts `publication` into the inbox of each subscriber and stores it once; nothing is stored when there is none. When an inbox
 * does not take it, or its publisher is too fast, it says so, and nobody has got it. E_NAME, E_BODY, E_USAGE.
 */
export async function fanOut(
  tx: WriteTx,
  settings: BusSettings,
  publication: Publication,
  { from, skipFull = false, pass }: Publisher,
): Promise<Published | Refused> {
  checkContent(publication, settings);
  const { topic, body } = publication;
  const patterns = textList(patternsOf(checkTopic(topic)));
  const inboxes = await subscribersTo(tx, patterns);
  const judged = await judgeEach(tx, settings, inboxes, { bytes: body.length, from, pass });
  const refused = foremost(judged.refused);
  if (refused !== undefined) {
    if (!skipFull || refused.why === "sender rate") return refused;
    await countSkipped(
      tx,
      patterns,
      judged.refused.map(({ inbox }) => inbox),
    );
  }
  const takers = await enterEach(tx, judged, body.length);
  if (takers.length === 0) return { id: null, topic, deliveries: 0 };
  const message = { ...publication, type: publication.type ?? topic };
  const id = await insertForEach(tx, from, message, { inboxes: takers, ring });
  return { id, topic, deliveries: takers.length };
}

/** Whether anybody gets what is published on `topic`. */
export async function hasSubscribers(tx: ReadTx, topic: string): Promise<boolean> {
  return (await subscribersTo(tx, textList(patternsOf(topic)))).length > 0;
}

/** The inboxes with a subscription to one of `patterns`, each once and by name. */
async function subscribersTo(tx: ReadTx, patterns: string): Promise<string[]> {
  const rows = await tx.all<{ inbox: string }>(
    `select inbox from ledger
      where inbox in (select inbox from subscriptions where pattern in (${textsIn("patterns")}))
      order by inbox`,
    { patterns },
  );
  return rows.map(({ inbox }) => inbox);
}

async function countSkipped(tx: WriteTx, patterns: string, full: string[]): Promise<void> {
  await tx.run(
    `update subscriptions set skipped = skipped + 1
      where pattern in (${textsIn("patterns")}) and inbox in (${textsIn("full")})`,
    { patterns, full: textList(full) },
  );
}
