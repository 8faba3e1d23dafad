// Fan-out: what is published on a topic goes into the inbox of everybody who is subscribed to it.
import type { ReadTx, WriteTx } from "../store/store.ts";
import { textList, textRows, textsIn } from "../store/text-list.ts";
import { type Allowed, type Entry, type Pass, enterAllowed, judge } from "./admission.ts";
import { ring } from "./doorbell.ts";
import { nextMessageId } from "./insert.ts";
import { admitToEach, findDoubtful } from "./ledger.ts";
import { type BusSettings, type Content, checkContent, defaultPriority } from "./message.ts";
import type { Refused } from "./refusal.ts";
import { senderRate } from "./senders.ts";
import { checkTopic, patternsOf } from "./topic.ts";
import { ringEach } from "./waiters.ts";

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
  const { plain, allowed, refused } = await sort(tx, settings, inboxes, {
    publication,
    from,
    pass,
  });
  if (refused.length > 0) {
    const tooFast = refused.find(({ why }) => why === "sender rate");
    if (!skipFull || tooFast !== undefined) return tooFast ?? refused[0]!;
    await countSkipped(
      tx,
      patterns,
      refused.map(({ inbox }) => inbox),
    );
  }
  await admitToEach(tx, plain, body.length);
  for (const [entry, how] of allowed) await enterAllowed(tx, entry, how);
  const takers = [...plain, ...allowed.map(([{ inbox }]) => inbox)].toSorted();
  if (takers.length === 0) return { id: null, topic, deliveries: 0 };
  const id = await insertForEach(tx, publication, { from, inboxes: takers });
  await ringEach(tx, takers, "mail", ring);
  return { id, topic, deliveries: takers.length };
}

/** The inboxes where nothing is to be considered, those that a closer look has found open, and what the others say. */
interface Sorted {
  plain: string[];
  allowed: [Entry, Allowed][];
  refused: Refused[];
}

async function sort(
  tx: WriteTx,
  settings: BusSettings,
  inboxes: string[],
  {
    publication,
    from,
    pass,
  }: { publication: Publication; from: string | null; pass?: Pass | undefined },
): Promise<Sorted> {
  const load = { deliveries: 1, slots: 0, bytes: publication.body.length };
  const doubtful = new Set(await findDoubtful(tx, settings, inboxes, load));
  // However many get it, it is one message by the rate of its sender: the first that takes it answers for that.
  let owed = (await senderRate(tx, from)) === undefined ? null : from;
  const sorted: Sorted = { plain: [], allowed: [], refused: [] };
  for (const inbox of inboxes) {
    if (owed === null && !doubtful.has(inbox)) {
      sorted.plain.push(inbox);
      continue;
    }
    const entry: Entry = { inbox, load, from: owed, pass };
    const judged = await judge(tx, settings, entry);
    if (judged === "unknown") continue;
    if ("why" in judged) sorted.refused.push(judged);
    else sorted.allowed.push([entry, judged]);
    if (!("why" in judged)) owed = null;
  }
  return sorted;
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

/** Writes the message once, and a delivery of it for each of `inboxes`: its id. */
async function insertForEach(
  tx: WriteTx,
  { topic, type, thread = null, priority = defaultPriority, body }: Publication,
  { from, inboxes }: { from: string | null; inboxes: string[] },
): Promise<number> {
  const { lastId: id } = await tx.run(
    `insert into messages (id, deliveries, sender, type, topic, thread, priority, sent_at, body)
     values (coalesce(${nextMessageId}, 1), $deliveries, $from, $type, $topic, $thread, $priority, $now, $body)`,
    {
      deliveries: inboxes.length,
      from,
      type: type ?? topic,
      topic,
      thread,
      priority,
      now: tx.now,
      body,
    },
  );
  await tx.run(
    `insert into deliveries (id, message_id, inbox, state, priority, bytes, owes_reply)
     select $id + key, $id, value, 'ready', $priority, $bytes, 0 from ${textRows("inboxes")}`,
    { id, inboxes: textList(inboxes), priority, bytes: body.length },
  );
  return id;
}
