// docs/questions.md by the letter: each of its lines is run with the machine's own sqlite3 on the home of a swarm that
// has worked and is down, and what it answers is what skep itself says.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { jsonLines } from "../end-to-end/json.ts";
import { lacks } from "../helpers/programs.ts";
import { type Row, askedSwarm } from "./asked-swarm.ts";

setDefaultTimeout(240_000);

const root = join(import.meta.dir, "..", "..");
const page = readFileSync(join(root, "docs", "questions.md"), "utf8");
const asked = [...page.matchAll(/^(\S.*?\?).*\n\n```sh\n(.*)\n```$/gm)].map(
  ([, question, line]) => ({ question: question!, line: line! }),
);

describe.skipIf(lacks("sqlite3"))("with sqlite3 (wants sqlite3)", () => {
  const { cwd, start, ended, skep, says } = askedSwarm();

  const report = async (by: string) => {
    const [all] = await says<{
      metrics: (Row & { name: string; group: string | null })[];
      broadcasts: Row[];
    }>("metrics", "report", "--since", "1h", "--by", by);
    return all!;
  };
  const rowsOf = async () => (await says("export", "jsonl")).filter(({ sent_at }) => sent_at);
  const points = async (name: string) =>
    (await says<Row & { tags: Row }>("export", "jsonl", "metrics")).filter(
      (point) => point["name"] === name,
    );
  const by = <Line>(key: (line: Line) => string, lines: readonly Line[]) => Map.groupBy(lines, key);
  const utc = (at: unknown) => new Date(Number(at)).toISOString().replace("T", " ");

  /** What skep says to each question, by its beginning. */
  const answers: Record<string, (rows: Row[]) => Promise<void>> = {
    "Who is behind": async (rows) => {
      const behind = (await says("inboxes")).filter(({ ready }) => Number(ready) > 0);
      expect(rows.map(({ inbox, ready, leased }) => [inbox, ready, leased])).toEqual([
        ["letters", 2, 1],
        ["tiny", 1, 0],
      ]);
      expect(behind.map(({ inbox, ready }) => [inbox, ready])).toEqual(
        rows.map(({ inbox, ready }) => [inbox, ready]),
      );
    },
    "What has waited longest": async (rows) => {
      const [oldest] = jsonLines((await skep("peek", "letters")).stdout);
      expect(rows[0]).toMatchObject({ inbox: "letters", sender: "eve", message: oldest!["id"]! });
      expect(rows[0]!["sent_utc"]).toBe(utc(oldest!["sent_at"]).slice(0, 23));
      expect(rows.length).toBe(3);
    },
    "How full are the inboxes": async (rows) => {
      const limits = await says("limits", "show", "--all");
      expect(rows[0]).toEqual({ inbox: "tiny", taken: 1, cap: 1, percent: 100 });
      for (const { inbox, taken, cap } of rows) {
        const { held, cap: said } = limits.find(({ name }) => name === inbox)!;
        expect([inbox, taken, cap]).toEqual([inbox, held, said] as never);
      }
    },
    "What was refused": async (rows) => {
      expect(rows).toEqual([{ inbox: "tiny", refused: 2, sent: 1 }]);
      const refused = (await says("inboxes")).filter((one) => Number(one["refused"]) > 0);
      expect(refused).toMatchObject(rows);
    },
    "Who sends most": async (rows) => {
      const sent = by(({ sender }) => String(sender ?? "-"), await rowsOf());
      expect(rows[0]).toEqual({ sender: "ada", messages: 10, deliveries: 10 });
      for (const { sender, deliveries } of rows)
        expect([sender, deliveries]).toEqual([sender!, sent.get(String(sender))!.length]);
    },
    "How long do deliveries take": async (rows) => {
      const { metrics } = await report("type");
      const total = metrics.filter(({ name }) => name === "delivery.total");
      expect(rows.map(({ type }) => type).toSorted()).toEqual(["-", "long", "news", "short"]);
      for (const { type, acked, p50_ms, p95_ms } of rows) {
        const said = total.find(({ group }) => (group ?? "-") === type)!;
        expect([type, acked, p50_ms, p95_ms]).toEqual([
          type!,
          said["count"]!,
          said["p50"]!,
          said["p95"]!,
        ]);
      }
    },
    "How much was done": async (rows) => {
      const sum = (key: string) => rows.reduce((all, row) => all + Number(row[key]), 0);
      const ended = (await rowsOf()).filter(({ ended_at }) => ended_at !== null);
      expect([sum("ended"), sum("acked"), sum("dead")]).toEqual([ended.length, 18, 1]);
    },
    "What died": async (rows) => {
      const [dead] = await says("dead", "list");
      expect(rows).toMatchObject([{ inbox: "doomed", dead: 1, reason: dead!["reason"]! }]);
    },
    "What took most tries": async (rows) => {
      const [dead] = await says("dead", "list");
      expect(rows).toMatchObject([{ inbox: "doomed", state: "dead", attempt: dead!["attempt"]! }]);
    },
    "Who gets what": async (rows) => {
      const said = await says("topics");
      expect(rows.map(({ topic, inbox, skipped }) => ({ topic, inbox, skipped }))).toEqual(
        said
          .map(({ topic, inbox, skipped }) => ({ topic: topic!, inbox: inbox!, skipped: skipped! }))
          .toSorted((a, b) => (a.inbox < b.inbox ? -1 : 1)),
      );
      expect(rows.length).toBe(2);
    },
    "How long did it take until": async (rows) => {
      const { broadcasts } = await report("name");
      expect(rows).toMatchObject([{ topic: "news", deliveries: 2, ended: 2, acked: 2 }]);
      expect(rows[0]!["message"]).toBe(broadcasts[0]!["message"]!);
      expect(rows[0]!["total_ms"]).toBe(broadcasts[0]!["total_ms"]!);
    },
    "Which agent started again": async (rows) => {
      const agents = await says("ps");
      expect(rows[0]).toMatchObject({ name: "crasher", restarts: 2 });
      for (const { name, restarts, state } of rows)
        expect(agents.find((agent) => agent["name"] === name)).toMatchObject({ restarts, state });
      expect(rows.length).toBe(agents.length);
    },
    "When was each last heard of": async (rows) => {
      expect(rows.map(({ agent }) => agent)).toEqual(
        expect.arrayContaining(["upper-1", "upper-2", "failing"]),
      );
      const beats = (await skep("sql", "select agent, at from vitals.heartbeats", "--json")).stdout;
      for (const { agent, at } of jsonLines<Row>(beats))
        expect(rows.find((row) => row["agent"] === agent)!["last_beat_utc"]).toBe(
          utc(at).slice(0, 19),
        );
    },
    "How much memory": async (rows) => {
      // What Prometheus gets to hear of is no older than some minutes, and may have passed on a busy machine.
      const measured = await points("process.memory");
      expect(rows.map(({ kind }) => kind)).toContain("supervisor");
      for (const { agent, kind, bytes } of rows) {
        const newest = measured.findLast(
          (point) => (point["agent"] ?? "-") === agent && point.tags["kind"] === kind,
        );
        expect([agent, Number(newest?.["value"])]).toEqual([agent!, Number(bytes)]);
      }
    },
    "And in the course of time": async (rows) => {
      const values = (await points("process.memory"))
        .filter(({ agent }) => agent === "upper-1")
        .map(({ value }) => Number(value));
      expect(Math.max(...rows.map(({ most }) => Number(most)))).toBe(Math.max(...values));
    },
    "Which metrics are there": async (rows) => {
      const { metrics } = await report("name");
      const recorded = metrics.filter(({ name }) => !/^(delivery|broadcast)\./.test(name));
      expect(rows.map(({ name, unit, points: count }) => [name, unit, count])).toEqual(
        recorded.map(({ name, unit, count }) => [name, unit!, count!]),
      );
      expect(rows.map(({ name }) => name)).toContain("build.time");
    },
    "What do the values of one": async (rows) => {
      const said = (await report("name")).metrics.find(({ name }) => name === "build.time")!;
      const { count, min, p50, p95, max } = said;
      expect(rows).toEqual([{ points: count!, least: min!, p50: p50!, p95: p95!, most: max! }]);
      expect([count, min, p50, p95, max]).toEqual([21, 0, 10, 19, 20]);
    },
    "Which alerts fired": async (rows) => {
      const alerts = await says("alerts", "history");
      const told = ({ id, rule, subject, state }: Row) => [id, rule, subject, state];
      expect(rows.map(told)).toEqual(
        alerts.map(told).toSorted(([a], [b]) => Number(b) - Number(a)),
      );
      expect(rows.map(({ rule }) => rule)).toEqual(
        expect.arrayContaining(["agent-failed", "dead-letters"]),
      );
    },
    "How big is the file": async (rows) => {
      // Nothing is in the log any more: who closed last has copied it back.
      expect(rows[0]!["bytes"]).toBe(statSync(join(cwd, ".skep", "bus.db")).size);
    },
  };

  test("each question has a line, each line a question, and each an answer of skep's own", () => {
    expect(asked.length).toBe(page.match(/^```sh$/gm)!.length);
    const beginnings = Object.keys(answers);
    for (const { question, line } of asked) {
      expect([question, beginnings.filter((one) => question.startsWith(one)).length]).toEqual([
        question,
        1,
      ]);
      expect(line).toMatch(/^sqlite3 -readonly -header -column \.skep\/(bus|vitals)\.db /);
    }
    expect(asked.length).toBe(beginnings.length);
  });

  test("the sqlite3 here is one that the page speaks of", async () => {
    const { stdout } = await ended(start(["sqlite3", "--version"]));
    const [major, minor] = stdout.split(".").map(Number);
    expect([major, minor! >= 37]).toEqual([3, true]);
  });

  for (const { question, line } of asked)
    test(question, async () => {
      const { status, stdout, stderr } = await ended(start(["sh", "-c", line]));
      expect([status, stderr]).toEqual([0, ""]);
      expect(stdout.trimEnd().split("\n").length).toBeGreaterThan(2);
      const json = await ended(start(["sh", "-c", line.replace("-header -column", "-json")]));
      const answer = Object.keys(answers).find((one) => question.startsWith(one))!;
      await answers[answer]!(JSON.parse(json.stdout));
    });
});
