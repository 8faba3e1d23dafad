// A message by itself, apart from its deliveries.
import type { ReadTx } from "../store/store.ts";
import type { Delivery } from "./message.ts";

/** What is stored once for all deliveries of a message. */
export type Message = Omit<Delivery, "to" | "attempt" | "receipt" | "leaseUntil">;

/** The message `id` as a delivery carries it. */
export async function readMessage(tx: ReadTx, id: number): Promise<Message> {
  const message = await tx.get<Message>(
    `select id, sender as "from", type, thread, reply_to as replyTo, priority, sent_at as sentAt, body
       from messages where id = $id`,
    { id },
  );
  return message!;
}
