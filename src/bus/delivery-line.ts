// A delivery as `recv` prints it and as a stream program reads it: one JSON line, every key always there.
import type { Delivery } from "./message.ts";
import { textOf } from "../core/text.ts";

/** The JSON line of `delivery`; the body is in `body` when it is UTF-8 and in `body_b64` when it is not. */
export function deliveryLine(delivery: Delivery): string {
  const { id, receipt, from, to, type, priority, attempt, thread } = delivery;
  const text = textOf(delivery.body);
  return JSON.stringify({
    id,
    receipt,
    from,
    to,
    type,
    body: text ?? null,
    body_b64: text === undefined ? Buffer.from(delivery.body).toString("base64") : null,
    priority,
    attempt,
    sent_at: delivery.sentAt,
    lease_until: delivery.leaseUntil,
    thread,
    reply_to: delivery.replyTo,
  });
}
