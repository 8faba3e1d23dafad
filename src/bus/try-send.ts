// One message inside a transaction: into an inbox, or into each of those that its address means.
import { SkepError, isSkepError } from "../core/errors.ts";
import type { WriteTx } from "../store/store.ts";
import { isAddress } from "./address.ts";
import { type Entry, type Pass, enter } from "./admission.ts";
import { insert, insertForEach } from "./insert.ts";
import { isKeyed, noteKey, sentBefore } from "./keys.ts";
import { type Load, createInbox, move } from "./ledger.ts";
import { type BusSettings, type Draft, type Sent, checkDraft } from "./message.ts";
import type { Refused } from "./refusal.ts";
import { resolve } from "./routes.ts";
import { enterEach, foremost, judgeEach } from "./several.ts";
import type { Ring } from "./waiters.ts";

/** Who sends, what it has to show for having waited, and how those who wait for it are rung. */
export interface Sender {
  from: string | null;
  ring: Ring;
  pass?: Pass | undefined;
  /** Whether the way is known to be open: it is an answer. */
  routed?: boolean | undefined;
  /** The temporary inbox that it made for the answer. */
  answerInbox?: string | undefined;
  /** What its addresses were found to mean in this transaction; nothing as long as it is free. */
  found: Found;
}

/** Inboxes by the address that means them. */
export type Found = Map<string, readonly string[]>;

/**
 * Sends `draft` if every inbox that it is for takes it now, and otherwise says which does not; nothing is changed then, nor when it throws.
 * E_CONFLICT, E_NOT_FOUND, E_NAME, E_BODY, E_USAGE.
 */
export async function trySend(
  tx: WriteTx,
  settings: BusSettings,
  draft: Draft,
  sender: Sender,
): Promise<Sent | Refused> {
  checkDraft(draft, settings);
  const { to } = draft;
  const { from, found } = sender;
  if (isKeyed(draft)) {
    const earlier = await sentBefore(tx, from, draft);
    if (earlier !== undefined) return { id: earlier, to, already: true };
  }
  // Most senders are free, so whether this one is comes out of the statement that lets its message in.
  const isFree = found.size === 0 && !isAddress(to);
  let sent = isFree ? await putInto(tx, settings, draft, sender) : "bound";
  if (sent === "bound") sent = await putByRoute(tx, settings, draft, sender);
  if (isKeyed(draft) && !("why" in sent)) await noteKey(tx, settings, from, draft, sent.id);
  return sent;
}

/** Notes in `found` what each of `addresses` means to `from`. E_NOT_FOUND when one is not in its address book. */
export async function findAll(
  tx: WriteTx,
  { from, found }: Pick<Sender, "from" | "found">,
  addresses: Iterable<string>,
): Promise<void> {
  for (const address of addresses)
    if (!found.has(address)) found.set(address, await resolve(tx, from, address));
}

async function putInto(
  tx: WriteTx,
  settings: BusSettings,
  draft: Draft,
  { from, ring, pass, routed, answerInbox }: Sender,
): Promise<Sent | Refused | "bound"> {
  const { to, replyTo = null, body } = draft;
  const answered = replyTo !== null && replyTo !== to;
  const who = { from, pass, routed };
  if (answered) {
    const slot = { inbox: replyTo, load: slots(1), ...who, isTemporary: replyTo === answerInbox };
    const kept = await enterOrCreate(tx, settings, slot);
    if (kept === "bound" || typeof kept === "object") return kept;
  }
  const giveUp = async () => {
    if (answered) await move(tx, replyTo, { reserved: -1 });
  };
  const load = { deliveries: 1, slots: replyTo === to ? 1 : 0, bytes: body.length };
  try {
    const entered = await enterOrCreate(tx, settings, { inbox: to, load, ...who });
    if (typeof entered === "object") await giveUp();
    if (entered === "bound" || typeof entered === "object") return entered;
    const id = await insert(tx, from, [draft], { owesReply: replyTo !== null, ring });
    return entered === "created" ? { id, to, created: true } : { id, to };
  } catch (error) {
    if (isSkepError(error)) await giveUp();
    throw error;
  }
}

/** Puts `draft` where the address book of its sender says. */
async function putByRoute(
  tx: WriteTx,
  settings: BusSettings,
  draft: Draft,
  sender: Sender,
): Promise<Sent | Refused> {
  const { to } = draft;
  const { replyTo: answers = null } = draft;
  // Where whoever asks has its answer is no address, and whether it is there still is seen when it is entered.
  const isAddressed = answers !== null && answers !== sender.answerInbox;
  await findAll(tx, sender, isAddressed ? [to, answers] : [to]);
  const inboxes = sender.found.get(to)!;
  const replyTo = isAddressed ? sender.found.get(answers)![0]! : answers;
  const routed = { ...sender, routed: true };
  const sent =
    inboxes.length === 1
      ? await putInto(tx, settings, { ...draft, to: inboxes[0]!, replyTo }, routed)
      : await putIntoEach(tx, settings, { ...draft, replyTo }, { ...routed, inboxes });
  // What is routed is not asked for its routes again.
  if (sent === "bound" || "why" in sent) return sent as Refused;
  return { ...sent, to, ...(isAddress(to) && { deliveries: inboxes.length }) };
}

/** As `putInto` for each of `inboxes`: one message with a delivery, and a slot for its answer, for each of them. */
async function putIntoEach(
  tx: WriteTx,
  settings: BusSettings,
  draft: Draft & { replyTo: string | null },
  { inboxes, from, ring, pass, routed, answerInbox }: Sender & { inboxes: readonly string[] },
): Promise<Sent | Refused> {
  const { to, replyTo, body } = draft;
  const load = slots(inboxes.length);
  if (replyTo !== null) {
    const who = { from, pass, routed, isTemporary: replyTo === answerInbox };
    const kept = await enterOrCreate(tx, settings, { inbox: replyTo, load, ...who });
    if (typeof kept === "object") return kept;
  }
  const bytes = body.length;
  const judged = await judgeEach(tx, settings, inboxes, { bytes, from, pass });
  const refused = foremost(judged.refused);
  if (refused !== undefined) {
    if (replyTo !== null) await move(tx, replyTo, { reserved: -load.slots });
    return { ...refused, address: to };
  }
  const takers = await enterEach(tx, judged, bytes);
  return { id: await insertForEach(tx, from, draft, { inboxes: takers, ring }), to };
}

function slots(count: number): Load {
  return { deliveries: 0, slots: count, bytes: 0 };
}

async function enterOrCreate(
  tx: WriteTx,
  settings: BusSettings,
  entry: Entry,
): Promise<"entered" | "created" | "bound" | Refused> {
  const entered = await enter(tx, settings, entry);
  if (entered !== "unknown") return entered;
  // It was there when the request began, and only its time takes it away (see temporary.ts).
  if (entry.isTemporary === true)
    throw new SkepError("E_EMPTY", "the question could not be sent in time, and was not", {
      hint: "Ask again, with a longer --timeout.",
    });
  await createInbox(tx, entry.inbox);
  const again = await enter(tx, settings, entry);
  return typeof again === "object" ? again : "created";
}
