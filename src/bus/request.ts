// Request: send a message and wait for its answer in a temporary inbox.
import { SkepError, isSkepError } from "../core/errors.ts";
import { randomHex } from "../core/ids.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";
import { isAddress } from "./address.ts";
import { type Bus, lockGraceMs } from "./bus.ts";
import { withdraw } from "./expire.ts";
import { createTemporaryInbox } from "./ledger.ts";
import type { Delivery, Draft } from "./message.ts";
import { receive } from "./receive.ts";
import { resolve } from "./routes.ts";
import { type SendOptions, send } from "./send.ts";
import { ackTx } from "./settle.ts";

/**
 * The answer to `draft`, acked in our name. Waiting for the write lock, and for room in a full inbox, is part of `timeoutMs`. E_EMPTY when
 * no answer came in that time, or the question could not even be sent; E_USAGE when its address means several inboxes; E_DRAINING when
 * the bus drains meanwhile; otherwise what `send` throws.
 * Unless the draft says how long it is wanted, nobody is handed it once its answer is waited for no more.
 */
export async function request(bus: Bus, draft: Draft, options: SendOptions): Promise<Delivery> {
  const inbox = `request-${randomHex(8)}`;
  const start = bus.clock.tick();
  const { from, timeoutMs, signal } = options;
  const lockOptions = { signal, timeoutMs: Math.max(timeoutMs, lockGraceMs) };
  const expiresAt = bus.clock.now() + timeoutMs;
  // The last claim may have to stand in line for the lock, and finds what came in time.
  const goneAt = expiresAt + lockGraceMs;
  await bus.store.write(async (tx) => {
    if (isAddress(draft.to)) await refuseSeveral(tx, from, draft.to);
    await createTemporaryInbox(tx, inbox, goneAt);
  }, lockOptions);
  let question: number | undefined;
  try {
    const { id } = await send(
      bus,
      { ...draft, replyTo: inbox, ...(draft.ttlMs === undefined && { expiresAt }) },
      { ...options, timeoutForLock: true, answerInbox: inbox },
    );
    question = id;
    const waitMs = timeoutMs - (bus.clock.tick() - start);
    const claim = { inbox, holder: from, max: 1, leaseMs: bus.settings.leaseMs };
    // Whoever does not wait just now, for it has no doorbell or no processor, may find its inbox taken away by retention.
    const wait = { ...claim, waitMs: Math.max(0, waitMs), signal, create: false };
    const [answer] = await receive(bus, wait).catch((error: unknown) => {
      if (!isSkepError(error, "E_DRAINING")) throw error;
      throw new SkepError(
        "E_DRAINING",
        `message ${id} was sent, but the bus drains and its answer is waited for no more`,
        { hint: `skep trace ${id} shows what becomes of it; ask again after skep resume.` },
      );
    });
    if (answer === undefined)
      throw new SkepError("E_EMPTY", `no answer to message ${id} from ${draft.to} in time`, {
        hint: `skep trace ${id} shows what became of it; wait longer with --timeout.`,
      });
    const settle = (tx: WriteTx) => ackTx(tx, bus.settings, answer.receipt!, { from });
    await bus.store.write(settle, { essential: true });
    question = undefined;
    return answer;
  } finally {
    const unanswered = draft.ttlMs === undefined ? question : undefined;
    await closeInbox(bus, inbox, async (tx) => {
      if (unanswered !== undefined) await withdraw(tx, unanswered);
    });
  }
}

// Of several who are asked one would be heard, and the others have worked in vain.
async function refuseSeveral(tx: ReadTx, from: string | null, address: string): Promise<void> {
  const inboxes = await resolve(tx, from, address);
  if (inboxes.length === 1) return;
  throw new SkepError(
    "E_USAGE",
    `a request waits for one answer, and ${address} means ${inboxes.length} inboxes`,
    { hint: "Ask one of them; or send with --reply-to INBOX, and take their answers from there." },
  );
}

// While an answer is still owed its slot has to stay, or the one who answers could not ack.
async function closeInbox(
  bus: Bus,
  inbox: string,
  before: (tx: WriteTx) => Promise<void>,
): Promise<void> {
  const work = async (tx: WriteTx) => {
    await before(tx);
    await tx.run(
      `delete from ledger where inbox = $inbox and temporary = 1
          and ready + delayed + leased + parked + reserved = 0`,
      { inbox },
    );
  };
  try {
    await bus.store.write(work, { timeoutMs: 500 });
  } catch (error) {
    if (!isSkepError(error)) throw error;
  }
}
