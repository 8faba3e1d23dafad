// A database in memory for one bus after the other, and what lies in it as text. The bus is the real one, on the real store and
// schema; only that nobody else has the database open, and nothing has to reach a disk.
import { bunDriver } from "../../src/store/driver-bun.ts";
import type { Clock } from "../../src/core/clock.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations.ts";
import { connect } from "../../src/store/session.ts";
import { sqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import type { Kinds } from "./model/lines.ts";

export interface Database {
  store: Store;
  /** Empties it, but for the newest message of an earlier life, `newestId`. */
  reset(newestId: number, now: number): void;
  /** All that lies in it. */
  lines(): Kinds;
}

const path = ":memory:";

// The statements are prepared once for all buses: making a database anew takes as long as 30 steps.
const alone = { queues: true, enter: async () => true, leave() {}, close() {} };

/** A database whose transactions tell the time by `clock`. */
export function memoryDatabase(clock: Clock): Database {
  const file = { path, driver: bunDriver, durability: "process" } as const;
  const writer = connect(file, false);
  migrate(writer, path, migrations);
  const options = { lockPath: path, queue: alone, clock, busyTimeoutMs: 1_000, disposable: false };
  // A second connection would have another memory.
  const driver = { open: () => fail("a second connection was opened") };
  const store = sqliteStore({ ...file, ...options, driver, writer });
  const dump = writer.prepare(dumpSql);
  const changes = writer.prepare("select total_changes() as total");
  let seen: { tick: number; changed: number; lines: Kinds } | undefined;
  const empty = emptied.map((table) => writer.prepare(`delete from ${table}`));
  const number = writer.prepare("update messages set id = $id, deliveries = 1, sent_at = $now");
  const first = writer.prepare(
    "insert into messages (id, priority, sent_at, body) values (1000000, 4, 0, x'')",
  );
  return {
    store,
    reset(id, now) {
      writer.exec("begin immediate");
      // The newest of all messages cannot be deleted; the second newest is none.
      first.run({});
      for (const statement of empty) statement.run({});
      number.run({ id, now });
      writer.exec("commit");
    },
    lines() {
      // Where no row was changed there is nothing new to be seen, as long as no time has passed.
      const tick = clock.tick();
      const changed = (changes.get({}) as { total: number }).total;
      if (seen?.tick !== tick || seen.changed !== changed)
        seen = { tick, changed, lines: dump.get({ tick }) as Kinds };
      return seen.lines;
    },
  };
}

const emptied =
  "messages deliveries attempts history dead_letters keys ledger senders subscriptions drains waiters meta sqlite_sequence".split(
    " ",
  );

/** An arrival that is due says no more than none. How each kind of thing is told, in the order of `model/lines.ts`. */
const told: Readonly<Record<keyof Kinds, { columns: string; from: string; by: string }>> = {
  deliveries: {
    columns: `id, message_id, inbox, state, priority, bytes, owes_reply, alone, attempt, epoch,
      case when nonce is not null then id || '.' || epoch || '.' || nonce end,
      case when state = 'leased' then holder end, lease_tick, due_tick, due_at, expires_at, run`,
    from: "deliveries",
    by: "id",
  },
  ledger: {
    columns: `inbox, temporary, expires_at, cap, cast(rate_per_s as integer), burst,
      case when arrival_tick > $tick then cast(arrival_tick as integer) end,
      ready, delayed, leased, parked, reserved, bytes,
      sent, moved_in, acked, dead, expired, purged, moved_out, refused`,
    from: "ledger",
    by: "inbox",
  },
  messages: {
    columns: "id, deliveries, sender, topic, reply_to, priority, sent_at, cast(body as text)",
    from: "messages",
    by: "id",
  },
  history: {
    columns: "delivery_id, message_id, outcome, ended_at",
    from: "history",
    by: "delivery_id",
  },
  dead: {
    columns: "delivery_id, message_id, inbox, attempt, epoch, died_at",
    from: "dead_letters",
    by: "delivery_id",
  },
  attempts: {
    columns: "delivery_id, epoch, outcome",
    from: "attempts",
    by: "delivery_id, epoch",
  },
  keys: { columns: "sender, key, message_id, expires_at", from: "keys", by: "1" },
  subscriptions: { columns: "pattern, inbox, skipped", from: "subscriptions", by: "1" },
  senders: {
    columns:
      "name, cast(rate_per_s as integer), burst, case when arrival_tick > $tick then cast(arrival_tick as integer) end, refused",
    from: "senders",
    by: "1",
  },
  drains: { columns: "reason, parked", from: "drains", by: "1" },
};

const dumpSql = `select ${Object.entries(told)
  .map(
    ([kind, { columns, from, by }]) =>
      `(select coalesce(group_concat(line, char(10)), '') from
         (select ${lineSql(columns)} as line from ${from} order by ${by})) as ${kind}`,
  )
  .join(",\n")}`;

function lineSql(columns: string): string {
  // A comma within parentheses or quotes does not part two columns.
  return columns
    .split(/,\s+/)
    .map((column) => `coalesce(${column}, '-')`)
    .join(" || ' ' || ");
}

function fail(what: string): never {
  throw new Error(what);
}
