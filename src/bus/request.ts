// Request: send a message and wait for its answer in a temporary inbox.
import { SkepError, isSkepError } from "../core/errors.ts";
import { randomHex } from "../core/ids.ts";
import type { WriteTx } from "../store/store.ts";
import { type Bus, lockGraceMs } from "./bus.ts";
import { createInbox } from "./ledger.ts";
import type { Delivery, Draft } from "./message.ts";
import { receive } from "./receive.ts";
import { type SendOptions, send } from "./send.ts";
import { ackTx } from "./settle.ts";

/**
 * The answer to `draft`, acked in our name. E_EMPTY when none came within `timeoutMs`, of which waiting for room in a full inbox
 * is a part; otherwise what `send` throws. Unless the draft says how long it is wanted, nobody is handed it when that time is over.
 */
export async function request(bus: Bus, draft: Draft, options: SendOptions): Promise<Delivery> {
  const inbox = `request-${randomHex(8)}`;
  const start = bus.clock.tick();
  const { from, timeoutMs, signal } = options;
  const lockOptions = { signal, timeoutMs: Math.max(timeoutMs, lockGraceMs) };
  const expiresAt = bus.clock.now() + timeoutMs;
  // The last claim may have to stand in line for the lock, and finds what came in time.
  const goneAt = expiresAt + lockGraceMs;
  await bus.store.write((tx) => createInbox(tx, inbox, true, goneAt), lockOptions);
  try {
    const { id } = await send(
      bus,
      { ...draft, replyTo: inbox, ...(draft.ttlMs === undefined && { expiresAt }) },
      { ...options, timeoutForLock: true },
    );
    const waitMs = timeoutMs - (bus.clock.tick() - start);
    const claim = { inbox, holder: from, max: 1, leaseMs: bus.settings.leaseMs };
    const [answer] = await receive(bus, { ...claim, waitMs: Math.max(0, waitMs), signal });
    if (answer === undefined)
      throw new SkepError("E_EMPTY", `no answer to message ${id} from ${draft.to} in time`, {
        hint: `skep trace ${id} shows what became of it; wait longer with --timeout.`,
      });
    await bus.store.write((tx) => ackTx(tx, bus.settings, answer.receipt!, { from }));
    return answer;
  } finally {
    await closeInbox(bus, inbox);
  }
}

// While an answer is still owed its slot has to stay, or the one who answers could not ack.
async function closeInbox(bus: Bus, inbox: string): Promise<void> {
  const work = (tx: WriteTx) =>
    tx.run(
      `delete from ledger where inbox = $inbox and temporary = 1
          and ready + delayed + leased + parked + reserved = 0`,
      { inbox },
    );
  try {
    await bus.store.write(work, { timeoutMs: 500 });
  } catch (error) {
    if (!isSkepError(error)) throw error;
  }
}
