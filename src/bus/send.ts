// Send: one message into one inbox, or many in order; success only after the commit.
import { SkepError, isSkepError } from "../core/errors.ts";
import type { WriteTx } from "../store/store.ts";
import { judge } from "./admission.ts";
import { type NameOf, type Outcome, keepsBack, naming } from "./batch.ts";
import { ring } from "./doorbell.ts";
import type { Bus } from "./bus.ts";
import { parkOverdue } from "./drain.ts";
import { refuseWhileDraining } from "./intake.ts";
import { leaveLine } from "./line.ts";
import type { BusSettings, Draft, Sent } from "./message.ts";
import { type HeldRings, holdRings } from "./held-rings.ts";
import { type Refused, countRefusals, refusalError } from "./refusal.ts";
import { takeTurns, turnsAfterSend } from "./retain.ts";
import { type Wait, waitForRoom } from "./room.ts";
import { loadOn, runsOf, trySendTogether } from "./together.ts";
import { type Found, findAll, trySend } from "./try-send.ts";

export interface SendOptions {
  /** Who sends; null when it does not say. */
  from: string | null;
  /** What to do when an inbox is full: wait for room until the time is over, or fail at once. */
  onFull: "wait" | "fail";
  timeoutMs: number;
  /** Whether that is also how long to wait for the write lock; left out, the store says how long. */
  timeoutForLock?: boolean | undefined;
  /** Whether a power cut may not take it back, whatever the store's durability is. */
  durable?: boolean | undefined;
  /** The temporary inbox that the sender made for the answer: nobody else may ask for one there. */
  answerInbox?: string | undefined;
  signal?: AbortSignal | undefined;
}

export interface BatchOptions extends SendOptions {
  /** Whether it is all of them or none. */
  atomic: boolean;
  /** How an error that keeps all of them back calls the message that it is about; left out: not at all. */
  nameOf?: NameOf | undefined;
}

/** How many messages one transaction takes at most. */
export const batchMax = 500;

/** Sends `draft`: its id once it is committed. E_FULL when no room appears in time, E_CONFLICT when its key is another message's, E_DRAINING, E_NOT_FOUND, E_NAME, E_BODY. */
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
  options: BatchOptions,
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
  let awaited: string | undefined;
  try {
    while (outcomes.length < drafts.length) {
      const chunk = drafts.slice(outcomes.length, outcomes.length + batchMax);
      const sent = await sendChunk(bus, chunk, options, { room, rings, awaited });
      outcomes.push(...sent.outcomes);
      if (sent.outcomes.some((outcome) => !isSkepError(outcome))) room.progressed();
      const turns = turnsAfterSend(chunk, sent.outcomes);
      if (turns > 0) await takeTurns(bus, turns, options);
      if (sent.waits === undefined) continue;
      awaited = sent.waits.inbox;
      rings.release();
      if (sent.stands !== undefined) await room.sleep(sent.stands);
      else await room.next(sent.waits.inbox, sent.waits.load, { takesTurns: true });
    }
  } catch (error) {
    if (isSkepError(error, "E_DRAINING")) await parkOverdue(bus);
    // What is committed has to be answered for; the rest did not go.
    if (outcomes.length === 0 || !isSkepError(error)) throw error;
    while (outcomes.length < drafts.length) outcomes.push(error);
  } finally {
    rings.release();
    await room.end();
  }
  if (options.atomic && outcomes[0] instanceof SkepError)
    throw naming(outcomes[0], 0, options.nameOf);
  return outcomes;
}

/**
 * Sends `draft` inside the caller's transaction; a reply goes to whoever asked, whatever the address book of `from` says. E_FULL, E_RATE,
 * E_CONFLICT, E_NOT_FOUND, E_NAME, E_BODY; nothing is changed when it throws.
 */
export async function sendTx(
  tx: WriteTx,
  settings: BusSettings,
  from: string | null,
  draft: Draft,
  { isReply = false }: { isReply?: boolean } = {},
): Promise<Sent> {
  const sender = { from, ring, found: new Map(), routed: isReply };
  const outcome = await trySend(tx, settings, draft, sender);
  if ("why" in outcome) throw refusalError(outcome);
  return outcome;
}

/** As many of `drafts` as go now, in one transaction; `waits` is what the next one waits for. */
async function sendChunk(
  bus: Bus,
  drafts: Draft[],
  { from, atomic, durable, answerInbox, nameOf }: BatchOptions,
  { room, rings, awaited }: { room: Room; rings: HeldRings; awaited: string | undefined },
): Promise<{ outcomes: Outcome[]; waits?: Refused; stands?: Wait | undefined }> {
  let waits: Refused | undefined;
  let stands: Wait | undefined;
  let thrown: Refused | undefined;
  let at = 0;
  let found: Found = new Map();
  const pass = room.pass();
  // What is refused alone has nothing to take back, so that can be counted, or the wait begin, where it is found.
  const isAlone = drafts.length === 1 && drafts[0]!.replyTo == null;
  const work = async (tx: WriteTx) => {
    found = new Map();
    const sender = { from, ring: rings.ring, pass, found, answerInbox };
    await refuseWhileDraining(tx);
    const outcomes: Outcome[] = [];
    const final: Refused[] = [];
    for (const run of runsOf(drafts)) {
      const together = await trySendTogether(tx, bus.settings, run, sender);
      if (together !== undefined) {
        outcomes.push(...together);
        continue;
      }
      for (const draft of run) {
        const outcome = await settled(trySend(tx, bus.settings, draft, sender));
        const refused = "why" in outcome ? outcome : undefined;
        if (refused !== undefined && room.mayWait(refused)) waits = refused;
        const answer = refused === undefined ? (outcome as Outcome) : refusalError(refused);
        if (atomic && answer instanceof SkepError && !(refused !== undefined && isAlone)) {
          thrown = refused;
          // What is waited for is room for all of them, wherever they go.
          if (found.size > 0)
            for (const address of addressesOf(drafts))
              await settled(findAll(tx, sender, [address]));
          at = outcomes.length;
          // It takes back what the earlier ones did.
          throw keepsBack(answer, drafts, outcomes, nameOf);
        }
        if (waits !== undefined) break;
        if (refused !== undefined) final.push(refused);
        outcomes.push(answer);
      }
      if (waits !== undefined) break;
    }
    const sentSome = outcomes.length > final.length;
    if (final.length > 0) await countRefusals(tx, final);
    if (waits === undefined) await room.leave(tx, pass, sentSome);
    else {
      // As for what is published: room in one inbox is no use yet when another one is full.
      if (waits.address !== undefined && awaited !== undefined && awaited !== waits.inbox)
        await leaveLine(tx, awaited, bus.self);
      stands = await room.stand(tx, waits, sentSome);
    }
    return outcomes;
  };
  try {
    const outcomes = await bus.store.write(work, { ...room.lockOptions(), durable });
    room.used(pass);
    return waits === undefined ? { outcomes } : { outcomes, waits, stands };
  } catch (error) {
    // All of the batch has to fit at once, so that is what to wait for.
    if (waits !== undefined && thrown !== undefined)
      return { outcomes: [], waits: { ...waits, load: loadOn(waits.inbox, drafts, found) } };
    if (thrown === undefined) throw error;
    const ofAll = await refuseFor(bus, thrown, { drafts, found });
    throw ofAll === undefined ? error : naming(ofAll, at, nameOf);
  }
}

type Room = ReturnType<typeof waitForRoom>;

/** Counts that all of `drafts` were refused because one of them was: the error that is about all of them; undefined when that one's own says it all. */
async function refuseFor(
  { store, settings }: Bus,
  refused: Refused,
  { drafts, found }: { drafts: Draft[]; found: Found },
): Promise<SkepError | undefined> {
  const { inbox, from } = refused;
  const load = loadOn(inbox, drafts, found);
  const work = async (tx: WriteTx) => {
    await countRefusals(tx, [refused]);
    if (drafts.length === 1) return undefined;
    const judged = await judge(tx, settings, { inbox, load, from });
    return typeof judged === "object" && "why" in judged ? refusalError(judged) : undefined;
  };
  try {
    return await store.write(work, { timeoutMs: 200 });
  } catch (fault) {
    // That it was refused is what matters; the count of it may miss one where the disk is full.
    if (isSkepError(fault)) return undefined;
    throw fault;
  }
}

function addressesOf(drafts: readonly Draft[]): string[] {
  return drafts.flatMap(({ to, replyTo }) => (replyTo == null ? [to] : [to, replyTo]));
}

async function settled<T>(work: Promise<T>): Promise<T | SkepError> {
  try {
    return await work;
  } catch (error) {
    if (isSkepError(error)) return error;
    throw error;
  }
}
