// Routes: to whom a sender may write, and what an address means for it. Whoever has none is free to write to any inbox.
import { SkepError } from "../core/errors.ts";
import { anybody, didYouMean } from "../core/names.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";
import { textList, textRows } from "../store/text-list.ts";
import { isAddress } from "./address.ts";
import { createInbox, inboxExists, isRetired, retired } from "./ledger.ts";

/** That `address` means `inbox` when `sender` writes to it. The name of an inbox is an address too, and mostly means itself. */
export interface Route {
  /** `*`: whoever it is. Then the address is the name of an inbox, and another one stands in for it. */
  sender: string;
  address: string;
  inbox: string;
}

/** Replaces all routes; the inboxes that they lead to are created where they are not there. E_NAME, E_NOT_FOUND when one is not and the address book is closed. */
export async function setRoutes(tx: WriteTx, routes: readonly Route[]): Promise<void> {
  await clearRoutes(tx);
  const missing = await tx.all<{ inbox: string }>(
    `select value as inbox from ${textRows("inboxes")} where value not in (select inbox from ledger)`,
    { inboxes: textList([...new Set(routes.map(({ inbox }) => inbox))]) },
  );
  for (const { inbox } of missing) await createInbox(tx, inbox);
  for (const { sender, address, inbox } of routes)
    await tx.run(
      `insert into routes (sender, address, inbox) values ($sender, $address, $inbox)
       on conflict (sender, address, inbox) do nothing`,
      { sender, address, inbox },
    );
}

/** Takes all routes away: everybody writes to anybody. */
export async function clearRoutes(tx: WriteTx): Promise<void> {
  await tx.run("delete from routes");
}

/** Whether `sender` may write to nobody but those in its address book. */
export async function isBound(tx: ReadTx, sender: string | null): Promise<boolean> {
  if (sender === null) return false;
  const row = await tx.get("select 1 from routes where sender = $sender limit 1", { sender });
  return row !== undefined;
}

/** Whether what `sender` sends to `inbox` may go nowhere, or elsewhere: it is bound, or another inbox stands in for that one. */
export async function isRouted(tx: ReadTx, sender: string | null, inbox: string): Promise<boolean> {
  return (await isBound(tx, sender)) || (await standIn(tx, inbox)) !== undefined;
}

/**
 * The inboxes, at least one, that `address` means when `sender` writes to it; the name of an inbox means the one that stands in for it, or
 * itself. E_NOT_FOUND, with what there is, when it is not in the address book of the sender.
 */
export async function resolve(
  tx: ReadTx,
  sender: string | null,
  address: string,
): Promise<string[]> {
  const inboxes = await routed(tx, sender, address);
  if (inboxes.length > 0) return inboxes;
  const isFree = !isAddress(address) && !(await isBound(tx, sender));
  const instead = await standIn(tx, address);
  if (instead !== undefined && isFree) return [instead];
  // Whoever reaches the one reaches it by the name of the other as well.
  const reached = instead === undefined ? [] : await routed(tx, sender, instead);
  if (reached.length > 0) return reached;
  // Whoever asks from there has its answer there; nobody else gets anything in (see ledger.ts).
  if (isFree && (await isRetired(tx, address))) throw retired(address);
  if (isFree || (await isTemporary(tx, address))) return [address];
  throw await notInBook(tx, sender, address);
}

/** The inbox that an answer to `inbox` goes to: another one where a route says so, and whoever asked can always be answered. */
export async function resolveReply(
  tx: ReadTx,
  sender: string | null,
  inbox: string,
): Promise<string> {
  return (await routed(tx, sender, inbox))[0] ?? (await standIn(tx, inbox)) ?? inbox;
}

/** What `sender` may write to: every address, and what it means; nothing when it is free. */
export async function addressBook(
  tx: ReadTx,
  sender: string | null,
): Promise<Map<string, string[]>> {
  const rows = await tx.all<{ address: string; inbox: string }>(
    "select address, inbox from routes where sender = $sender",
    { sender },
  );
  const book = new Map<string, string[]>();
  for (const { address, inbox } of rows)
    book.set(address, [...(book.get(address) ?? []), inbox].toSorted());
  return book;
}

async function routed(tx: ReadTx, sender: string | null, address: string): Promise<string[]> {
  const rows = await tx.all<{ inbox: string }>(
    "select inbox from routes where sender = $sender and address = $address",
    { sender, address },
  );
  return rows.map(({ inbox }) => inbox).toSorted();
}

/** The inbox that gets what is sent to `inbox` now; undefined when that is itself. */
async function standIn(tx: ReadTx, inbox: string): Promise<string | undefined> {
  return (await routed(tx, anybody, inbox))[0];
}

async function isTemporary(tx: ReadTx, inbox: string): Promise<boolean> {
  const row = await tx.get("select 1 from ledger where inbox = $inbox and temporary = 1", {
    inbox,
  });
  return row !== undefined;
}

async function notInBook(tx: ReadTx, sender: string | null, address: string): Promise<SkepError> {
  const known = [...(await addressBook(tx, sender)).keys()];
  const who = sender ?? "a sender without a name";
  if (known.length === 0)
    return new SkepError("E_NOT_FOUND", `${address} means nothing to ${who}`, {
      hint: "Addresses are for the agents of a swarm whose topology is not flat; skep inboxes lists all inboxes.",
    });
  // An inbox that is there was not misspelt.
  const guess = (await inboxExists(tx, address)) ? undefined : didYouMean(address, known);
  return new SkepError("E_NOT_FOUND", `${address} is not in the address book of ${who}`, {
    hint: `${guess === undefined ? "" : `${guess} `}It holds ${listed(known)}.`,
  });
}

const listedMax = 12;

/** The addresses first, for they are few and mean the others. */
function listed(known: readonly string[]): string {
  const inOrder = [...known.filter(isAddress), ...known.filter((address) => !isAddress(address))];
  const left = inOrder.length - listedMax;
  const shown = inOrder.slice(0, listedMax).join(", ");
  return left > 0 ? `${shown} and ${left} more` : shown;
}
