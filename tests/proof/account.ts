// The account of a proof: what became of every message that was accepted, and of its answer.
import type { Place } from "./place.ts";

/** How many messages ever came to `inboxes`. */
export async function sentTo({ app }: Place, ...inboxes: readonly string[]): Promise<number> {
  const rows = await app.store.read((tx) =>
    tx.all<{ inbox: string; sent: number }>("select inbox, sent from ledger"),
  );
  const those = rows.filter(({ inbox }) => inboxes.includes(inbox));
  return those.reduce((sum, { sent }) => sum + sent, 0);
}

/** Faults for each of `accepted` (ids by key) that was not acked once, with one answer in `answers`; and for whatever else was sent or acked. */
export async function accountFor(
  { app }: Place,
  accepted: ReadonlyMap<string, number>,
  answers: string,
): Promise<string[]> {
  const rows = await app.store.read(async (tx) => ({
    sent: await tx.all<{ id: number; body: string }>(
      "select id, cast(body as text) as body from messages where sender = 'producer'",
    ),
    acked: await tx.all<{ id: number; times: number }>(
      `select m.id, count(*) as times from history h join messages m on m.id = h.message_id
        where m.sender = 'producer' and h.outcome = 'acked' group by m.id`,
    ),
    answers: await tx.all<{ key: string; times: number }>(
      `select cast(m.body as text) as key, count(*) as times
         from deliveries d join messages m on m.id = d.message_id
        where d.inbox = $answers group by m.body`,
      { answers },
    ),
    dead: await tx.all<{ reason: string }>("select reason from dead_letters"),
    expired: await tx.all<{ claim: string }>(
      "select delivery_id || '.' || epoch || ' of ' || holder as claim from attempts where outcome = 'expired'",
    ),
  }));
  const faults = [
    ...rows.dead.map(({ reason }) => `a message is dead: ${reason}`),
    // Whoever ends gives back what it held; nothing may have to wait for the end of a lease.
    ...rows.expired.map(({ claim }) => `the lease ${claim} ran out`),
  ];
  const times = new Map(rows.acked.map((row) => [row.id, row.times]));
  const answered = new Map(rows.answers.map((row) => [row.key, row.times]));
  const keys = new Map([...accepted].map(([key, id]) => [id, key]));
  for (const [key, id] of accepted) {
    const acks = times.get(id) ?? 0;
    const got = answered.get(key) ?? 0;
    if (acks !== 1) faults.push(`message ${id} (${key}) was acked ${acks} times`);
    if (got !== 1) faults.push(`message ${id} (${key}) was answered ${got} times`);
  }
  for (const { id, body } of rows.sent)
    if (!keys.has(id)) faults.push(`message ${id} (${body}) was sent twice, or by nobody`);
  for (const key of answered.keys())
    if (!accepted.has(key)) faults.push(`there is an answer ${key}, which nobody asked for`);
  return faults;
}
