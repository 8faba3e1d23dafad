// One message into several inboxes: either all of them take it, or it is said which ones do not.
import type { WriteTx } from "../store/store.ts";
import { type Allowed, type Entry, type Pass, enterAllowed, judge } from "./admission.ts";
import { admitToEach, findDoubtful } from "./ledger.ts";
import type { BusSettings } from "./message.ts";
import type { Refused } from "./refusal.ts";
import { senderRate } from "./senders.ts";

/** The inboxes where nothing is to be considered, those that a closer look has found open, and what the others say. */
export interface Judged {
  plain: string[];
  allowed: [Entry, Allowed][];
  refused: Refused[];
}

/** Whether a message of `bytes` may go into each of `inboxes` now; those that are not there are left out. Nothing is put anywhere. */
export async function judgeEach(
  tx: WriteTx,
  settings: BusSettings,
  inboxes: readonly string[],
  { bytes, from, pass }: { bytes: number; from: string | null; pass?: Pass | undefined },
): Promise<Judged> {
  const load = { deliveries: 1, slots: 0, bytes };
  const doubtful = new Set(await findDoubtful(tx, settings, inboxes, load));
  // However many get it, it is one message by the rate of its sender: the first that takes it answers for that.
  let owed = (await senderRate(tx, from)) === undefined ? null : from;
  const judged: Judged = { plain: [], allowed: [], refused: [] };
  for (const inbox of inboxes) {
    if (owed === null && !doubtful.has(inbox)) {
      judged.plain.push(inbox);
      continue;
    }
    const entry: Entry = { inbox, load, from: owed, pass };
    const one = await judge(tx, settings, entry);
    if (one === "unknown") continue;
    if ("why" in one) judged.refused.push(one);
    else judged.allowed.push([entry, one]);
    if (!("why" in one)) owed = null;
  }
  return judged;
}

/** The refusal that speaks for all of them: that its sender is too fast, or else the first; undefined when there is none. */
export function foremost(refused: readonly Refused[]): Refused | undefined {
  return refused.find(({ why }) => why === "sender rate") ?? refused[0];
}

/** Puts a message of `bytes` on the account of each inbox that takes it: those, by name. */
export async function enterEach(
  tx: WriteTx,
  { plain, allowed }: Judged,
  bytes: number,
): Promise<string[]> {
  await admitToEach(tx, plain, bytes);
  for (const [entry, how] of allowed) await enterAllowed(tx, entry, how);
  return [...plain, ...allowed.map(([{ inbox }]) => inbox)].toSorted();
}
