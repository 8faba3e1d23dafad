import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { systemClock } from "../../../src/core/clock.ts";
import { writeTransitions } from "../../../src/metrics/alerts/record.ts";
import { type Rule, rules } from "../../../src/metrics/alerts/rules.ts";
import { recordPoints } from "../../../src/metrics/record.ts";
import { openVitals, pointOf } from "../../metrics/vitals.ts";
import { newSkep } from "../../helpers/skep.ts";
import { tempDir } from "../../helpers/temp-dir.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

/** Runs skep in a home of its own, whose files the test may see. */
function newHome() {
  const [run, home] = [newSkep(), tempDir()];
  return {
    home,
    skep: (words: string[], stdin = "") => run(words, stdin, { SKEP_HOME: home }),
  };
}

const lines = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

const stored = "select name, value, unit, agent, tags from vitals.metrics order by id";

test("a point of one's own says nothing to people, and with --json what was recorded", async () => {
  const { skep } = newHome();
  const words = ["metrics", "emit", "build.time", "812.5", "--unit", "ms", "--tag", "phase=link"];
  expect(await skep([...words, "--as", "ada"])).toEqual({ status: 0, stdout: "", stderr: "" });
  const { status, stdout } = await skep(["metrics", "emit", "drift", "--json", "--", "-1e-3"]);
  const drift = { name: "drift", value: -0.001, unit: "count", agent: null, tags: {} };
  expect([status, lines(stdout)]).toEqual([0, [{ ...drift, recorded: true }]]);
  expect(lines((await skep(["sql", stored, "--json"])).stdout)).toEqual([
    { name: "build.time", value: 812.5, unit: "ms", agent: "ada", tags: '{"phase":"link"}' },
    { ...drift, tags: "{}" },
  ]);
});

test.each([
  [["report", "--since", "0s"], "E_USAGE"],
  [["report", "-f"], "E_USAGE"],
  [["report", "--lines", "5"], "E_USAGE"],
  [["tail", "--by", "agent"], "E_USAGE"],
  [["emit", "x", "1", "--since", "1h"], "E_USAGE"],
  [["emit", "x", "1", "--by", "name"], "E_USAGE"],
  [["emit", "x", "1", "-f"], "E_USAGE"],
  [["emit", "x", "1", "--lines", "20"], "E_USAGE"],
  [["emit"], "E_USAGE"],
  [["emit", "x"], "E_USAGE"],
  [["emit", "x", "NaN"], "E_USAGE"],
  [["emit", "x", "Infinity"], "E_USAGE"],
  [["emit", "x", "1e999"], "E_USAGE"],
  [["emit", "x", "much"], "E_USAGE"],
  [["emit", "x y", "1"], "E_NAME"],
  [["emit", "x", "1", "--tag", "a"], "E_USAGE"],
  [["emit", "x", "1", "--tag", "a-b=1"], "E_NAME"],
  [["emit", "x", "1", "--unit", "a b"], "E_USAGE"],
  [["emit", "x", "--batch"], "E_USAGE"],
])("%j is refused with 2, and no file is made", async (words, code) => {
  const { skep, home } = newHome();
  const { status, stdout, stderr } = await skep(["metrics", ...words, "--json"]);
  expect([status, stdout, JSON.parse(stderr).error.code]).toEqual([2, "", code]);
  expect(readdirSync(home).filter((name) => name.startsWith("vitals"))).toEqual([]);
});

test("of a batch what cannot be is answered with its line, and the rest is recorded", async () => {
  const { skep } = newHome();
  const batch = [
    '{"name":"a","value":1}',
    "",
    '{"name":"a","value":"2"}',
    '{"name":"a","value":3}',
  ];
  const { status, stdout } = await skep(["metrics", "emit", "--batch"], `${batch.join("\n")}\n`);
  expect(status).toBe(2);
  expect(lines(stdout)).toEqual([
    { line: 3, error: expect.objectContaining({ code: "E_USAGE" }) },
    { recorded: 2, refused: 1, untagged: 0 },
  ]);
});

test("too many tags are told of", async () => {
  const { skep } = newHome();
  const batch = Array.from(
    { length: 3_000 },
    (_, n) => `{"name":"a","value":1,"tags":{"n":"${n}"}}`,
  );
  const { status, stdout, stderr } = await skep(["metrics", "emit", "--batch"], batch.join("\n"));
  expect([status, lines(stdout)]).toEqual([0, [{ recorded: 3_000, refused: 0, untagged: 2_000 }]]);
  expect(stderr).toStartWith("2000 points were recorded without agent and tags");
});

test("of too many metrics those that there is room for are recorded, and each other line is answered", async () => {
  const { skep } = newHome();
  const batch = Array.from({ length: 1_500 }, (_, n) => `{"name":"a.m${n}","value":1}`);
  // What is there already goes on.
  batch.push('{"name":"a.m0","value":2}', '{"name":"b","value":3}');
  const { status, stdout } = await skep(["metrics", "emit", "--batch"], batch.join("\n"));
  const said = lines(stdout);
  expect([status, said.at(-1)]).toEqual([4, { recorded: 1_001, refused: 501, untagged: 0 }]);
  expect(said.slice(0, -1).map(({ line }) => line)).toEqual([
    ...Array.from({ length: 500 }, (_, n) => 1_001 + n),
    1_502,
  ]);
  expect(said[0].error).toMatchObject({
    code: "E_FULL",
    message: "a.m1000 would be one metric too many: there are 1000",
  });
});

test("a file that is damaged is an error for whoever emits, and for nobody who sends", async () => {
  const { skep, home } = newHome();
  await skep(["metrics", "emit", "x", "1"]);
  writeFileSync(join(home, "vitals.db"), "x".repeat(5_000));
  expect((await skep(["metrics", "emit", "x", "1"])).status).toBe(7);
  expect((await skep(["send", "a", "hello"])).status).toBe(0);
  for (const name of readdirSync(home)) if (name.startsWith("vitals.db")) rmSync(join(home, name));
  expect((await skep(["metrics", "emit", "x", "1"])).status).toBe(0);
});

test("a report is one screen, and with --json one object", async () => {
  const { skep } = newHome();
  for (const body of ["1", "2"]) await skep(["send", "a", body, "--type", "greeting"]);
  await skep(["recv", "a", "--as", "ada", "--ack"]);
  await skep(["metrics", "emit", "build.time", "812.5", "--unit", "ms", "--as", "ada"]);
  const text = await skep(["metrics", "report"]);
  expect([text.status, text.stderr]).toEqual([0, ""]);
  expect(text.stdout).toStartWith("the last 10m\n");
  expect(text.stdout).toMatch(/1 acked, 0 dead, 0 expired, 0 purged; delivery rate 100\.0 %/);
  expect(text.stdout).toMatch(/^there now: 1 ready \(the oldest for .*s\)/m);
  expect(text.stdout).toMatch(/^delivery\.total +ms +1 /m);
  expect(text.stdout).toMatch(/^build\.time +ms +1 +0\.002 +812\.5 /m);
  expect(text.stdout).toMatch(/^1 +1 +a +ada +/m);
  const { stdout } = await skep(["metrics", "report", "--by", "agent", "--since", "1h", "--json"]);
  const [report, ...others] = lines(stdout);
  expect(others).toEqual([]);
  expect(report).toMatchObject({
    by: "agent",
    deliveries: [{ group: "ada", acked: 1, delivery_rate: 100 }],
    now: { ready: 1, leased: 0 },
    source: "points",
    error: 0,
    slowest: [{ message: 1, inbox: "a", holder: "ada", type: "greeting" }],
    fault: null,
  });
  expect(report.until - report.since).toBe(3_600_000);
  expect(report.metrics.map(({ name, group }: Record<string, string>) => [name, group])).toEqual([
    ["delivery.total", "ada"],
    ["delivery.waited", "ada"],
    ["delivery.worked", "ada"],
    ["build.time", "ada"],
  ]);
});

test("of a home in which nothing happened there is nothing to report, and nothing wrong", async () => {
  const { skep } = newHome();
  const { status, stdout, stderr } = await skep(["metrics", "report"]);
  const standing = "there now: 0 ready, 0 delayed, 0 leased, 0 parked";
  expect([status, stdout, stderr]).toEqual([
    0,
    `the last 10m\nno delivery ended\n${standing}\n`,
    "",
  ]);
  expect((await skep(["metrics", "tail"])).stderr).toBe("nothing was recorded yet\n");
});

test("deliveries are reported even when what was measured cannot be read", async () => {
  const { skep, home } = newHome();
  await skep(["send", "a", "1"]);
  await skep(["recv", "a", "--ack"]);
  writeFileSync(join(home, "vitals.db"), "x".repeat(5_000));
  const { status, stdout, stderr } = await skep(["metrics", "report"]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^delivery\.total +ms +1 /m);
  expect(stderr).toStartWith("what was measured cannot be read: ");
  const [report] = lines((await skep(["metrics", "report", "--json"])).stdout);
  expect(report.fault.code).toBe("E_CORRUPT");
});

test("tail prints points as they were recorded, and nothing but emit records", async () => {
  const { skep } = newHome();
  const words = ["metrics", "emit", "x", "1.5", "--tag", "phase=link"];
  await skep([...words, "--as", "ada"]);
  await skep(["metrics", "emit", "y", "2"]);
  const { stdout } = await skep(["metrics", "tail", "x"]);
  expect(stdout).toMatch(/^\d{4}-.*Z {2}x {2}1\.5 {2}count {2}ada {2}phase=link\n$/);
  expect(lines((await skep(["metrics", "tail", "--json"])).stdout)).toMatchObject([
    { id: 1, name: "x", value: 1.5, tags: { phase: "link" } },
    { id: 2, name: "y", agent: null },
  ]);
  for (const mistake of [
    ["report", "x"],
    ["tail", "x", "1"],
    ["report", "--batch"],
  ])
    expect((await skep(["metrics", ...mistake])).status).toBe(2);
});

test("the report says how far a broadcast has come, and once it is over how long that took", async () => {
  const { skep } = newHome();
  for (const name of ["a1", "a2"]) await skep(["subscribe", "news", "--as", name]);
  await skep(["publish", "news", "to all"]);
  const told = async () => JSON.parse((await skep(["metrics", "report", "--json"])).stdout);
  const drain = async (name: string) => {
    const { receipt } = lines((await skep(["recv", name])).stdout)[0]!;
    await skep(["ack", receipt]);
  };
  await drain("a1");
  const open = { topic: "news", deliveries: 2, ended: 1, acked: 1, total_ms: null };
  expect((await told()).broadcasts).toMatchObject([open]);
  await drain("a2");
  const [over] = (await told()).broadcasts;
  expect(over).toMatchObject({ ended: 2, acked: 2, total_ms: over.ended_at - over.sent_at });
  const { stdout } = await skep(["metrics", "report"]);
  expect(stdout).toMatch(/^broadcast\.total +ms +1 /m);
  expect(stdout).toMatch(/^BROADCAST +TOPIC .*\n1 +news +news +2 +2 +2 /m);
});

test("tail begins where it is told to, and says under what nothing was recorded", async () => {
  const { skep, home } = newHome();
  const store = await openVitals(home, systemClock());
  await store.write((tx) => recordPoints(tx, [pointOf("x", 1)]));
  await store.write((tx) => tx.run("update points set at = at - 600000"));
  await store.close();
  await skep(["metrics", "emit", "x", "2"]);
  const values = async (...words: string[]) =>
    lines((await skep(["metrics", "tail", "x", "--json", ...words])).stdout).map(
      ({ value }) => value,
    );
  expect(await values()).toEqual([1, 2]);
  expect(await values("--since", "5m")).toEqual([2]);
  expect(await values("--since", "20m")).toEqual([1, 2]);
  const said = async (...words: string[]) => (await skep(["metrics", "tail", ...words])).stderr;
  expect(await said("y")).toBe("nothing was recorded under y yet\n");
  expect(await said("y", "--since", "5m")).toBe("nothing was recorded under y in the last 5m\n");
  expect(await said("x", "--lines", "0")).toBe("");
  expect(await skep(["metrics", "tail", "a..b"])).toMatchObject({ status: 2, stdout: "" });
});

test("the report says what is wrong, and what was in its time", async () => {
  const { skep, home } = newHome();
  const clock = systemClock();
  const store = await openVitals(home, clock);
  const [dead, deep] = ["dead-letters", "queue-depth"].map((name) =>
    rules.find((rule) => rule.name === name),
  );
  const told = (rule: Rule, state: "firing" | "resolved", agoMs: number) => ({
    rule,
    subject: "a",
    state,
    value: 3,
    threshold: 1,
    silenced: false,
    at: clock.now() - agoMs,
  });
  await store.write((tx) =>
    writeTransitions(tx, [
      told(dead!, "firing", 20 * 60_000),
      told(dead!, "resolved", 15 * 60_000),
      told(dead!, "firing", 14 * 60_000),
      told(deep!, "firing", 9 * 60_000),
      told(deep!, "resolved", 5 * 60_000),
    ]),
  );
  await store.close();
  const { stdout } = await skep(["metrics", "report"]);
  expect(stdout).toMatch(/^alerts: 1 fire \(0 critical\), 1 are over$/m);
  expect(stdout).toMatch(/^2 +warning +dead-letters +a +firing +3 deliveries /m);
  expect(stdout).toMatch(/^3 +warning +queue-depth +a +over /m);
  const [report] = lines((await skep(["metrics", "report", "--since", "19m", "--json"])).stdout);
  expect(report.alerts.map(({ id, state }: Record<string, unknown>) => [id, state])).toEqual([
    [2, "firing"],
    [3, "resolved"],
    [1, "resolved"],
  ]);
});
