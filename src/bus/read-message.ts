// A message by itself, apart from its deliveries.
import type { ReadTx } from "../store/store.ts";
import type { Delivery } from "./message.ts";

/** What is stored once for all deliveries of a message. */
export type Message = Omit<Delivery, "to" | "attempt" | "receipt" | "leaseUntil">;

/** The columns of a `Message`, read from `messages m`. */
export const messageColumns =
  'm.id, m.sender as "from", m.type, m.thread, m.reply_to as replyTo, m.priority, m.sent_at as sentAt, m.body';

/** The message `id` as a delivery carries it. */
export async function readMessage(tx: ReadTx, id: number): Promise<Message> {
  const message = await tx.get<Message>(
    `select ${messageColumns} from messages m where m.id = $id`,
    { id },
  );
  return message!;
}
