// Dead letters: deliveries that ended badly, kept with the reason until somebody looks.
import type { WriteTx } from "../store/store.ts";
import { ring } from "./doorbell.ts";
import { move } from "./ledger.ts";
import { releaseReply } from "./release-reply.ts";
import { ringOne } from "./waiters.ts";

/** Moves the delivery `id`, in whatever state, to the dead letters of its inbox. */
export async function deadLetter(tx: WriteTx, id: number, reason: string): Promise<void> {
  const row = await tx.get<DeadRow>(
    `delete from deliveries where id = $id
     returning message_id as messageId, inbox, state, attempt, epoch, priority, bytes, holder, owes_reply as owesReply`,
    { id },
  );
  const { messageId, inbox, state, attempt, epoch, priority, bytes, holder, owesReply } = row!;
  await tx.run(
    `insert into dead_letters (delivery_id, message_id, inbox, reason, attempt, epoch, priority, bytes, holder, died_at)
     values ($id, $messageId, $inbox, $reason, $attempt, $epoch, $priority, $bytes, $holder, $now)`,
    { id, messageId, inbox, reason, attempt, epoch, priority, bytes, holder, now: tx.now },
  );
  // What is parked takes no room (see park.ts).
  await move(tx, inbox, { [state]: -1, dead: 1, bytes: state === "parked" ? 0 : -bytes });
  await ringOne(tx, inbox, "room", ring);
  if (owesReply === 1) await releaseReply(tx, messageId);
}

interface DeadRow {
  messageId: number;
  inbox: string;
  state: "ready" | "delayed" | "leased" | "parked";
  attempt: number;
  epoch: number;
  priority: number;
  bytes: number;
  holder: string | null;
  owesReply: number;
}
