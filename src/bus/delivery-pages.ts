// All deliveries, live and ended, in the order of their numbers and some at a time, for whoever writes them all down.
import type { Store } from "../store/store.ts";

/** What is known of one delivery; null where there is nothing. Its keys are those of what is exported, in their order. */
export interface DeliveryRecord {
  delivery: number;
  message: number;
  inbox: string;
  sender: string | null;
  type: string | null;
  topic: string | null;
  thread: string | null;
  priority: number;
  bytes: number;
  state: string;
  attempt: number;
  holder: string | null;
  reason: string | null;
  sent_at: number;
  claimed_at: number | null;
  ended_at: number | null;
}

export const deliveryColumns = [
  "delivery",
  "message",
  "inbox",
  "sender",
  "type",
  "topic",
  "thread",
  "priority",
  "bytes",
  "state",
  "attempt",
  "holder",
  "reason",
  "sent_at",
  "claimed_at",
  "ended_at",
] as const satisfies readonly (keyof DeliveryRecord)[];

/** The moments that are told of, in milliseconds since 1970: from `since` on, and before `until`. */
export interface Between {
  since: number;
  until: number;
}

const pageRows = 1_000;

/** Those that were sent between two moments. Each page is as its deliveries stand when it is read, and no delivery comes twice. */
export async function* deliveryPages(
  store: Store,
  { since, until }: Between,
): AsyncGenerator<DeliveryRecord[], void, void> {
  let after = 0;
  for (;;) {
    const params = { after, since, until };
    const page = await store.read((tx) => tx.all<DeliveryRecord>(pageSql, params));
    if (page.length > 0) yield page;
    if (page.length < pageRows) return;
    after = page.at(-1)!.delivery;
  }
}

const ofMessage = `m.id as message, m.sender, m.type, m.topic, m.thread, m.priority, length(m.body) as bytes, m.sent_at`;

/** What there is of `table`, whose key is `key`, by the columns that it has other names for. */
const arm = (table: string, key: string, rest: string) =>
  `select d.${key} as delivery, ${ofMessage}, d.inbox, d.attempt, d.holder, ${rest}
     from ${table} d join messages m on m.id = d.message_id
    where d.${key} > $after and m.sent_at >= $since and m.sent_at < $until`;

const pageSql = `
  ${arm("deliveries", "id", "d.state, d.claimed_at, null as ended_at, null as reason")}
  union all
  ${arm("history", "delivery_id", "d.outcome, d.claimed_at, d.ended_at, null")}
  union all
  ${arm("dead_letters", "delivery_id", "'dead', null, d.died_at, d.reason")}
  order by delivery limit ${pageRows}`;
