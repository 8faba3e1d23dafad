// Replies: the answer to a request goes into the slot that was reserved for it.
import { SkepError } from "../core/errors.ts";
import type { WriteTx } from "../store/store.ts";
import { readMessage } from "./read-message.ts";
import { ring } from "./doorbell.ts";
import { insert } from "./insert.ts";
import { move, takesMessages } from "./ledger.ts";
import { type BusSettings, type Delivery, checkDraft } from "./message.ts";
import { resolveReply } from "./routes.ts";
import { sendTx } from "./send.ts";

export interface Reply {
  body: Uint8Array;
  /** "reply" when left out. */
  type?: string | undefined;
  /** How long it is wanted, as for any message. */
  ttlMs?: number | undefined;
}

/** What became of a reply. */
export interface Replied {
  id: number;
  to: string;
}

/**
 * Answers the message `requestId`: into its reserved slot while `owed`, else as any other message to whoever sent it. E_NOT_FOUND when
 * nobody is there to answer to, or is answered already in its temporary inbox; E_FULL when there is no slot and no room.
 */
export async function replyTx(
  tx: WriteTx,
  settings: BusSettings,
  {
    requestId,
    owed,
    from,
    reply,
  }: { requestId: number; owed: boolean; from: string | null; reply: Reply },
): Promise<Replied> {
  const request = await readMessage(tx, requestId);
  const asked = request.replyTo ?? request.from;
  if (asked === null)
    throw new SkepError(
      "E_NOT_FOUND",
      `message ${requestId} has nobody to reply to: its sender did not say who it is`,
      {
        hint: "Ack without a reply, or have the sender use --as NAME or --reply-to INBOX.",
      },
    );
  const to = owed ? asked : await resolveReply(tx, from, asked);
  const draft = {
    to,
    body: reply.body,
    type: reply.type ?? "reply",
    thread: threadOf(request),
    priority: request.priority,
    ttlMs: reply.ttlMs,
  };
  if (owed) {
    checkDraft(draft, settings);
    await move(tx, to, { reserved: -1, ready: 1, sent: 1, bytes: draft.body.length });
    return { id: await insert(tx, from, [draft], { owesReply: false, ring }), to };
  }
  // It was there when the request was sent. Whoever waited in it has left and taken it along, or has the one answer
  // that it asked for.
  if (request.replyTo !== null && !(await takesMessages(tx, to)))
    throw new SkepError(
      "E_NOT_FOUND",
      `nobody waits for an answer to message ${requestId} any more`,
      { hint: "Ack without a reply." },
    );
  return await sendTx(tx, settings, from, draft, { isReply: true });
}

/** The conversation of a message: its own thread, or else itself. */
export function threadOf(message: Pick<Delivery, "id" | "thread">): string {
  return message.thread ?? String(message.id);
}
