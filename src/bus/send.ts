// Send: one message into one inbox, or many in order; success only after the commit.
import { SkepError, isSkepError } from "../core/errors.ts";
import type { WriteTx } from "../store/store.ts";
import { ring } from "./doorbell.ts";
import type { Bus } from "./bus.ts";
import { insert } from "./insert.ts";
import { draining, isDraining } from "./intake.ts";
import { type Load, admit, createInbox, move } from "./ledger.ts";
import { type BusSettings, type Draft, type Sent, checkDraft } from "./message.ts";
import { type HeldRings, holdRings } from "./held-rings.ts";
import { waitForRoom } from "./room.ts";
import type { Ring } from "./waiters.ts";

export interface SendOptions {
  /** Who sends; null when it does not say. */
  from: string | null;
  /** What to do when an inbox is full: wait for room until the time is over, or fail at once. */
  onFull: "wait" | "fail";
  timeoutMs: number;
  /** Whether that is also how long to wait for the write lock; left out, the store says how long. */
  timeoutForLock?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** How one line of a batch went. */
export type Outcome = Sent | SkepError;

/** How many messages one transaction takes at most. */
export const batchMax = 500;

/** Sends `draft`: its id once it is committed. E_FULL when no room appears in time, E_DRAINING, E_NOT_FOUND, E_NAME, E_BODY. */
export async function send(bus: Bus, draft: Draft, options: SendOptions): Promise<Sent> {
  const [outcome] = await sendBatch(bus, [draft], { ...options, atomic: true });
  if (outcome instanceof SkepError) throw outcome;
  return outcome!;
}

/**
 * Sends `drafts` in order, at most 500 to a transaction: an outcome for each, none when there are none. It throws only when nothing was sent. With
 * `atomic` it is all or nothing: the first refusal is thrown; more than 500 are then E_USAGE.
 */
export async function sendBatch(
  bus: Bus,
  drafts: Draft[],
  options: SendOptions & { atomic: boolean },
): Promise<Outcome[]> {
  if (options.atomic && drafts.length > batchMax)
    throw new SkepError(
      "E_USAGE",
      `${drafts.length} messages in one atomic batch; ${batchMax} are allowed`,
    );
  const room = waitForRoom(bus, options);
  // One transaction has nothing to wait for.
  const rings = drafts.length > batchMax ? holdRings(ring) : { ring, release() {} };
  const outcomes: Outcome[] = [];
  try {
    while (outcomes.length < drafts.length) {
      const chunk = drafts.slice(outcomes.length, outcomes.length + batchMax);
      const sent = await sendChunk(bus, chunk, options, { room, rings });
      outcomes.push(...sent.outcomes);
      if (sent.outcomes.some((outcome) => !isSkepError(outcome))) room.progressed();
      if (sent.full === undefined) continue;
      rings.release();
      await room.next(sent.full.full, sent.full.load);
    }
  } catch (error) {
    // What is committed has to be answered for; the rest did not go.
    if (outcomes.length === 0 || !isSkepError(error)) throw error;
    while (outcomes.length < drafts.length) outcomes.push(error);
  } finally {
    rings.release();
    await room.end();
  }
  return outcomes;
}

/** Sends `draft` inside the caller's transaction. E_FULL, E_NOT_FOUND, E_NAME, E_BODY; nothing is changed when it throws. */
export async function sendTx(
  tx: WriteTx,
  settings: BusSettings,
  from: string | null,
  draft: Draft,
): Promise<Sent> {
  const outcome = await trySend(tx, settings, draft, { from, ring });
  if ("full" in outcome) throw refusal(outcome);
  return outcome;
}

/** An inbox without room for `load`. */
interface Full {
  full: string;
  load: Load;
}

/** Who sends, and how those who wait for it are rung. */
interface Sender {
  from: string | null;
  ring: Ring;
}

async function trySend(
  tx: WriteTx,
  settings: BusSettings,
  draft: Draft,
  { from, ring }: Sender,
): Promise<Sent | Full> {
  checkDraft(draft, settings);
  const { to, replyTo = null } = draft;
  const bytes = draft.body.length;
  const load = { deliveries: 1, slots: replyTo === to ? 1 : 0, bytes };
  const answered = replyTo !== null && replyTo !== to;
  // Before anything is counted: it throws when there can be no such inbox.
  if (answered) await createInbox(tx, replyTo);
  const admitted = await admitOrCreate(tx, settings, to, load);
  if (admitted === "full") return { full: to, load };
  if (answered && !(await admit(tx, settings, replyTo, replySlot))) {
    await move(tx, to, { ready: -1, sent: -1, bytes: -bytes });
    return { full: replyTo, load: replySlot };
  }
  const id = await insert(tx, from, [draft], { owesReply: replyTo !== null, ring });
  return admitted === "created" ? { id, to, created: true } : { id, to };
}

const replySlot: Load = { deliveries: 0, slots: 1, bytes: 0 };

async function admitOrCreate(
  tx: WriteTx,
  settings: BusSettings,
  inbox: string,
  load: Load,
): Promise<"admitted" | "created" | "full"> {
  if (await admit(tx, settings, inbox, load)) return "admitted";
  if (!(await createInbox(tx, inbox))) return "full";
  return (await admit(tx, settings, inbox, load)) ? "created" : "full";
}

function refusal({ full, load }: Full): SkepError {
  const what =
    load.deliveries === 0 ? `inbox ${full} has no room for the answer` : `inbox ${full} is full`;
  return new SkepError("E_FULL", what, {
    hint: "Its receivers have to catch up: try again, wait longer with --timeout, or see skep inboxes.",
    retryAfterMs: 250,
  });
}

/** As many of `drafts` as go now, in one transaction; `full` names what the next one waits for. */
async function sendChunk(
  bus: Bus,
  drafts: Draft[],
  { from, atomic }: SendOptions & { atomic: boolean },
  {
    room,
    rings,
  }: { room: Pick<ReturnType<typeof waitForRoom>, "mayWait" | "lockOptions">; rings: HeldRings },
): Promise<{ outcomes: Outcome[]; full?: Full }> {
  let full: Full | undefined;
  const mayWait = room.mayWait();
  const sender = { from, ring: rings.ring };
  const work = async (tx: WriteTx) => {
    if (await isDraining(tx)) throw draining();
    const outcomes: Outcome[] = [];
    for (const run of runsOf(drafts)) {
      const together = await trySendTogether(tx, bus.settings, run, sender);
      if (together !== undefined) {
        outcomes.push(...together);
        continue;
      }
      for (const draft of run) {
        const outcome = await settled(trySend(tx, bus.settings, draft, sender));
        if ("full" in outcome && mayWait) full = outcome;
        const refused = "full" in outcome ? refusal(outcome) : outcome;
        // Thrown, it takes back what the earlier ones of an atomic batch did.
        if (atomic && refused instanceof SkepError) throw refused;
        if (full !== undefined) return outcomes;
        outcomes.push(refused);
      }
    }
    return outcomes;
  };
  try {
    const outcomes = await bus.store.write(work, room.lockOptions());
    return full === undefined ? { outcomes } : { outcomes, full };
  } catch (error) {
    if (!atomic || full === undefined) throw error;
    // All of the batch has to fit at once, so that is what to wait for.
    return { outcomes: [], full: { full: full.full, load: loadOn(full.full, drafts) } };
  }
}

type Run = [Draft, ...Draft[]];

/** `drafts` in order, those to one inbox that follow one another and ask for no answer together. */
function runsOf(drafts: readonly Draft[]): Run[] {
  const runs: Run[] = [];
  for (const draft of drafts) {
    const run = runs.at(-1);
    const joins = run !== undefined && run[0].to === draft.to && draft.replyTo == null;
    if (joins && run[0].replyTo == null) run.push(draft);
    else runs.push([draft]);
  }
  return runs;
}

/** Sends a run of several at once, which takes half the time; undefined, with nothing done, when they have to go one by one: there is no room for all, or no such inbox, or one of them is unfit. */
async function trySendTogether(
  tx: WriteTx,
  settings: BusSettings,
  run: Run,
  { from, ring }: Sender,
): Promise<Sent[] | undefined> {
  if (run.length === 1) return undefined;
  try {
    for (const draft of run) checkDraft(draft, settings);
  } catch {
    return undefined;
  }
  const { to } = run[0];
  if (!(await admit(tx, settings, to, loadOn(to, run)))) return undefined;
  const first = await insert(tx, from, run, { owesReply: false, ring });
  return run.map((_, index) => ({ id: first + index, to }));
}

/** What `drafts` together ask of `inbox`. */
function loadOn(inbox: string, drafts: Draft[]): Load {
  const to = drafts.filter((draft) => draft.to === inbox);
  return {
    deliveries: to.length,
    slots: drafts.filter((draft) => draft.replyTo === inbox).length,
    bytes: to.reduce((sum, draft) => sum + draft.body.length, 0),
  };
}

async function settled<T>(work: Promise<T>): Promise<T | SkepError> {
  try {
    return await work;
  } catch (error) {
    if (isSkepError(error)) return error;
    throw error;
  }
}
