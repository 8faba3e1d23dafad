// What bus.db tells about one census after its end.
import { Database } from "bun:sqlite";

export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
}

export interface Figures {
  sent: number;
  acked: number;
  dead: number;
  /** The reason of one dead letter; null when there is none. */
  deadBecause: string | null;
  /** Claims that did not end in an ack, by how they ended: died, returned, nacked, expired. */
  redelivered: Record<string, number>;
  /** Milliseconds from send to ack. */
  latency: { pieces: Percentiles; answers: Percentiles };
  perSecond: number;
  seconds: number;
  /** The terms of the ledger, summed over all inboxes and all time. */
  ledger: Record<(typeof came)[number] | (typeof went)[number], number>;
  conserved: boolean;
}

const came = ["sent", "moved_in"] as const;
const went = [
  "ready",
  "delayed",
  "leased",
  "parked",
  "acked",
  "dead",
  "expired",
  "purged",
  "moved_out",
] as const;

/** The figures of the census `run` in the database at `path`; all zero when it sent nothing. */
export function readFigures(path: string, run: string): Figures {
  const bus = new Database(path, { readonly: true, strict: true });
  try {
    return figures(bus, firstMessage(bus, run));
  } finally {
    bus.close();
  }
}

// Ids only rise, so what this census sent are the messages from its plan on.
function firstMessage(bus: Database, run: string): number {
  const row = bus
    .query<{ id: number | null }, { prefix: string }>(
      "select min(id) as id from messages where cast(substr(body, 1, length($prefix)) as text) = $prefix",
    )
    .get({ prefix: `${run} ` });
  return row?.id ?? Number.MAX_SAFE_INTEGER;
}

function figures(bus: Database, first: number): Figures {
  const number = (sql: string) =>
    bus.query<{ n: number }, { first: number }>(sql).get({ first })!.n;
  const acked = bus
    .query<{ type: string; sent_at: number; ended_at: number }, { first: number }>(
      `select m.type, m.sent_at, h.ended_at from history h join messages m on m.id = h.message_id
        where h.message_id >= $first and h.outcome = 'acked'`,
    )
    .all({ first });
  const began = acked.reduce((least, row) => Math.min(least, row.sent_at), Infinity);
  const ended = acked.reduce((most, row) => Math.max(most, row.ended_at), -Infinity);
  const seconds = acked.length === 0 ? 0 : Math.max(ended - began, 1) / 1000;
  const latencies = (type: string) =>
    percentiles(acked.filter((row) => row.type === type).map((row) => row.ended_at - row.sent_at));
  return {
    sent: number("select count(*) as n from messages where id >= $first"),
    acked: acked.length,
    dead: number("select count(*) as n from dead_letters where message_id >= $first"),
    deadBecause: deadBecause(bus, first),
    redelivered: redelivered(bus, first),
    latency: { pieces: latencies("piece"), answers: latencies("reply") },
    perSecond: acked.length === 0 ? 0 : acked.length / seconds,
    seconds,
    ...ledger(bus),
  };
}

function deadBecause(bus: Database, first: number): string | null {
  return (
    bus
      .query<{ reason: string }, { first: number }>(
        "select reason from dead_letters where message_id >= $first order by delivery_id limit 1",
      )
      .get({ first })?.reason ?? null
  );
}

function redelivered(bus: Database, first: number): Figures["redelivered"] {
  const rows = bus
    .query<{ outcome: string; n: number }, { first: number }>(
      `select outcome, count(*) as n from attempts
        where delivery_id in (select delivery_id from history where message_id >= $first
                              union all select delivery_id from dead_letters where message_id >= $first
                              union all select id from deliveries where message_id >= $first)
        group by outcome order by outcome`,
    )
    .all({ first });
  return Object.fromEntries(rows.map(({ outcome, n }) => [outcome, n]));
}

function ledger(bus: Database): Pick<Figures, "ledger" | "conserved"> {
  const terms = [...came, ...went].map((term) => `coalesce(sum(${term}), 0) as ${term}`);
  const row = bus.query<Figures["ledger"], []>(`select ${terms.join(", ")} from ledger`).get()!;
  const total = (names: readonly (keyof typeof row)[]) =>
    names.reduce((sum, name) => sum + row[name], 0);
  return { ledger: row, conserved: total(came) === total(went) };
}

function percentiles(values: number[]): Percentiles {
  const sorted = values.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
