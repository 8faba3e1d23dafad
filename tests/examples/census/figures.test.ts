import { expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readFigures } from "../../../examples/census/figures.ts";
import { tempDir } from "../../helpers/temp-dir.ts";

const schema = readFileSync(resolve(import.meta.dir, "../../../migrations/0001-bus.sql"), "utf8");

test("an empty bus has figures of zero", () => {
  const { figures } = bus();
  expect(figures("now")).toMatchObject({
    sent: 0,
    acked: 0,
    dead: 0,
    perSecond: 0,
    conserved: true,
  });
});

test("only what this census sent is in its figures", () => {
  const { message, acked, dead, attempt, ledger, figures } = bus();
  acked(message("plan", "earlier 1 1", 0), 100);
  acked(message("piece", "earlier 0 0 0 1 ./a.ts", 0), 900);
  dead(message("piece", "earlier 1 0 1 1 ./a.ts", 0));
  acked(message("plan", "now 100 1", 1_000), 1_000);
  for (let piece = 1; piece <= 100; piece++)
    acked(message("piece", `now ${piece} 0 0 1 ./a.ts`, 1_000), 1_000 + piece);
  for (let piece = 1; piece <= 100; piece++)
    acked(message("reply", `now ${piece} 0 3`, 2_000), 2_000 + 10 * piece);
  const lost = message("piece", "now 101 0 0 1 ./a.ts", 1_000);
  dead(lost);
  attempt(1, "expired");
  attempt(7, "died");
  attempt(8, "died");
  attempt(lost, "nacked");
  ledger({ sent: 205, acked: 203, dead: 2 });

  expect(figures("now")).toEqual({
    sent: 202,
    acked: 201,
    dead: 1,
    deadBecause: "too often",
    redelivered: { died: 2, nacked: 1 },
    latency: { pieces: { p50: 50, p95: 95, p99: 99 }, answers: { p50: 500, p95: 950, p99: 990 } },
    seconds: 2,
    perSecond: 100.5,
    ledger: {
      sent: 205,
      moved_in: 0,
      ready: 0,
      delayed: 0,
      leased: 0,
      parked: 0,
      acked: 203,
      dead: 2,
      expired: 0,
      purged: 0,
      moved_out: 0,
    },
    conserved: true,
  });
});

test("a run whose name begins like another one is not that one", () => {
  const { message, acked, figures } = bus();
  acked(message("plan", "now-2 1 1", 0), 5);
  expect(figures("now").sent).toBe(0);
});

function bus() {
  const path = join(tempDir(), "bus.db");
  const database = new Database(path, { create: true, strict: true });
  database.exec(schema);
  let deliveries = 0;
  return {
    message: (type: string, body: string, sentAt: number) =>
      Number(
        database
          .query("insert into messages (type, priority, sent_at, body) values (?, 4, ?, ?)")
          .run(type, sentAt, Buffer.from(body)).lastInsertRowid,
      ),
    acked: (message: number, endedAt: number) =>
      database
        .query(
          `insert into history (delivery_id, message_id, inbox, outcome, attempt, epoch, ended_at)
           values (?, ?, 'pieces', 'acked', 1, 1, ?)`,
        )
        .run(++deliveries, message, endedAt),
    dead: (message: number) =>
      database
        .query(
          `insert into dead_letters (delivery_id, message_id, inbox, reason, attempt, epoch, priority, bytes, died_at)
           values (?, ?, 'pieces', 'too often', 5, 5, 4, 1, 0)`,
        )
        .run(++deliveries, message),
    attempt: (delivery: number, outcome: string) =>
      database
        .query(
          "insert into attempts (delivery_id, epoch, claimed_at, ended_at, outcome) values (?, 1, 0, 0, ?)",
        )
        .run(delivery, outcome),
    ledger: (counts: Record<string, number>) =>
      database
        .query(
          `insert into ledger (inbox, created_at, ${Object.keys(counts).join(", ")})
           values ('pieces', 0, ${Object.values(counts).join(", ")})`,
        )
        .run(),
    figures(run: string) {
      database.close();
      return readFigures(path, run);
    },
  };
}
