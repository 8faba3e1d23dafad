// Messages that go together: those of a batch to one inbox that follow one another, and what a batch asks of an inbox.
import type { WriteTx } from "../store/store.ts";
import { enter } from "./admission.ts";
import { fitTogether, insert } from "./insert.ts";
import { isKeyed } from "./keys.ts";
import type { Load } from "./ledger.ts";
import { type BusSettings, type Draft, type Sent, checkDraft } from "./message.ts";
import type { Found, Sender } from "./try-send.ts";

export type Run = [Draft, ...Draft[]];

/** `drafts` in order, those to one inbox that follow one another together, unless they ask for an answer or have a key. */
export function runsOf(drafts: readonly Draft[]): Run[] {
  const runs: Run[] = [];
  for (const draft of drafts) {
    const run = runs.at(-1);
    if (run !== undefined && [run[0], draft].every(isPlain) && fitTogether(run[0], draft))
      run.push(draft);
    else runs.push([draft]);
  }
  return runs;
}

/**
 * Sends a run of several at once, which takes half the time; undefined, with nothing done, when they have to go one by one: there is no room for
 * all, or no such inbox, or one of them is unfit, or their sender has an address book.
 */
export async function trySendTogether(
  tx: WriteTx,
  settings: BusSettings,
  run: Run,
  { from, ring, pass, found }: Sender,
): Promise<Sent[] | undefined> {
  if (run.length === 1 || found.size > 0) return undefined;
  try {
    for (const draft of run) checkDraft(draft, settings);
  } catch {
    return undefined;
  }
  const { to } = run[0];
  const entry = { inbox: to, load: loadOn(to, run, found), from, pass };
  if ((await enter(tx, settings, entry)) !== "entered") return undefined;
  const first = await insert(tx, from, run, { owesReply: false, ring });
  return run.map((_, index) => ({ id: first + index, to }));
}

/** What `drafts` together ask of `inbox`, when addresses mean what was `found`. */
export function loadOn(inbox: string, drafts: readonly Draft[], found: Found): Load {
  const meant = (address: string) => found.get(address) ?? [address];
  const to = drafts.filter((draft) => meant(draft.to).includes(inbox));
  const asking = drafts.filter(({ replyTo }) => replyTo != null && meant(replyTo)[0] === inbox);
  return {
    deliveries: to.length,
    slots: asking.reduce((sum, draft) => sum + meant(draft.to).length, 0),
    bytes: to.reduce((sum, draft) => sum + draft.body.length, 0),
  };
}

function isPlain(draft: Draft): boolean {
  return draft.replyTo == null && !isKeyed(draft);
}
