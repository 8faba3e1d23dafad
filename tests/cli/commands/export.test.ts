import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { lacksReaders, parseOpenMetrics, promtoolCheck } from "../../helpers/prometheus-readers.ts";
import { lacks } from "../../helpers/programs.ts";
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

test.skipIf(lacksReaders)(
  "what happened in a home is told exactly, in both formats (wants promtool and python3-prometheus-client)",
  async () => {
    const { skep } = newHome();
    const lines = ["a", "b", "c"].map((body) => JSON.stringify({ to: "a1", body })).join("\n");
    await skep(["send", "--batch"], lines);
    await skep(["recv", "a1", "--ack"]);
    await skep(["recv", "a1"]);
    await skep(["metrics", "emit", "build.time", "800", "--unit", "ms", "--tag", 'phase=a"b\\c']);
    const text = (await skep(["export", "prometheus"])).stdout;
    expect(promtoolCheck(text)).toEqual({ status: 0, words: "" });
    for (const line of [
      'skep_inbox_sent_total{inbox="a1"} 3',
      'skep_inbox_ended_total{inbox="a1",outcome="acked"} 1',
      'skep_inbox_deliveries{inbox="a1",state="ready"} 1',
      'skep_inbox_deliveries{inbox="a1",state="leased"} 1',
      "skep_supervisor_up 0",
      "skep_delivery_rate_ratio 1",
    ])
      expect(text.split("\n")).toContain(line);
    const open = (await skep(["export", "prometheus", "--format", "openmetrics"])).stdout;
    const samples = parseOpenMetrics(open).flatMap((family) => family.samples);
    expect(samples).toContainEqual(["skep_inbox_sent_total", { inbox: "a1" }, 3]);
    expect(samples).toContainEqual(["skep_user_build_time_seconds", { phase: 'a"b\\c' }, 0.8]);
  },
);
test("a vitals.db that is damaged is said, and one that is gone is no matter", async () => {
  const { home, skep } = newHome();
  await skep(["send", "a1", "x"]);
  writeFileSync(join(home, "vitals.db"), "no database at all".repeat(1_000));
  const damaged = await skep(["export", "prometheus"]);
  expect(damaged.status).toBe(0);
  const lines = damaged.stdout.split("\n");
  expect(lines).toContain("skep_vitals_readable 0");
  expect(lines).toContain('skep_inbox_sent_total{inbox="a1"} 1');
  rmSync(join(home, "vitals.db"));
  const { stdout } = await skep(["export", "prometheus"]);
  expect(stdout.split("\n")).toContain("skep_vitals_readable 1");
});
test("an empty home has figures too, and what is none is refused", async () => {
  const { home, skep } = newHome();
  expect((await skep(["export", "prometheus"])).stdout.split("\n")).toContain("skep_inboxes 0");
  expect(await skep(["export", "carbon"])).toMatchObject({ status: 2, stdout: "" });
  expect(await skep(["export", "prometheus", "--format", "xml"])).toMatchObject({ status: 2 });
  const bare = join(home, "bare");
  mkdirSync(bare);
  const words = ["--home", join(bare, "skep.toml", "x"), "export", "prometheus"];
  writeFileSync(join(bare, "skep.toml"), "");
  const refused = await skep(words);
  expect(refused.status).toBeGreaterThan(1);
  expect(refused.stderr).not.toContain("    at ");
});

const python = `
import csv, json, sys
print(json.dumps(list(csv.reader(open(sys.argv[1], newline=""), strict=True))))
`;

test.skipIf(lacks("python3"))(
  "CSV and JSON lines hold every delivery and every point, as others read them (wants python3)",
  async () => {
    const { home, skep } = newHome();
    const type = 'odd, "quoted"';
    await skep(["--as", "ada", "send", "a1", "x", "--type", type]);
    await skep(["--as", "ada", "send", "a1", "yy"]);
    const received = await skep(["--as", "bob", "recv", "a1", "--json"]);
    const { receipt } = JSON.parse(received.stdout.split("\n")[0]!);
    await skep(["--as", "bob", "ack", receipt]);
    await skep(["metrics", "emit", "build.time", "1.5", "--unit", "ms", "--tag", 'phase=a,"b"']);
    const rows = (await skep(["export", "jsonl"])).stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const sent = { inbox: "a1", sender: "ada", priority: 4 };
    expect(rows).toMatchObject([
      { ...sent, delivery: 1, type, bytes: 1, state: "acked", holder: "bob", attempt: 1 },
      { ...sent, delivery: 2, type: null, bytes: 2, state: "ready", holder: null, ended_at: null },
    ]);
    const read = async (words: string[]) => {
      const file = join(home, "rows.csv");
      writeFileSync(file, (await skep(words)).stdout);
      return JSON.parse(String(Bun.spawnSync(["python3", "-c", python, file]).stdout));
    };
    const text = (cell: unknown) => (cell === null ? "" : String(cell));
    expect(await read(["export", "csv", "deliveries"])).toEqual([
      Object.keys(rows[0]),
      ...rows.map((row) => Object.values(row).map(text)),
    ]);
    const [head, point] = await read(["export", "csv", "metrics"]);
    expect(head).toEqual(["id", "at", "name", "value", "unit", "agent", "tags"]);
    expect(point).toEqual(["1", point[1], "build.time", "1.5", "ms", "", '{"phase":"a,\\"b\\""}']);
    const line = JSON.parse((await skep(["export", "jsonl", "metrics"])).stdout);
    expect(line).toMatchObject({ name: "build.time", agent: null, tags: { phase: 'a,"b"' } });
  },
);
test("rows are those between two moments, and nonsense is refused", async () => {
  const { home, skep } = newHome();
  await skep(["send", "a1", "x"]);
  expect((await skep(["export", "jsonl", "--since", "1h"])).stdout).toContain('"a1"');
  expect((await skep(["export", "jsonl", "--until", "1h"])).stdout).toBe("");
  expect((await skep(["export", "csv", "--until", "1h"])).stdout).toStartWith("delivery,message,");
  const refused: string[][] = [
    ["csv", "bodies"],
    ["csv", "--since", "1h", "--until", "2h"],
    ["csv", "--format", "text"],
    ["prometheus", "deliveries"],
    ["grafana", "panels"],
    ["grafana", "--since", "1h"],
    ["prometheus", "--since", "1h"],
  ];
  for (const words of refused)
    expect(await skep(["export", ...words])).toMatchObject({ status: 2, stdout: "" });
  writeFileSync(join(home, "vitals.db"), "no database at all".repeat(1_000));
  expect(await skep(["export", "csv", "metrics"])).toMatchObject({ status: 7 });
  expect((await skep(["export", "csv"])).status).toBe(0);
});
test("a dashboard is there for Grafana, and alert rules with the thresholds that are set", async () => {
  const { skep } = newHome();
  const dashboard = JSON.parse((await skep(["export", "grafana"])).stdout);
  expect(dashboard).toMatchObject({ uid: "skep", title: "skep" });
  const words = ["export", "grafana", "alerts", "--set", "alerts.queue_depth_max=77"];
  const [group] = JSON.parse((await skep(words)).stdout).groups;
  const rule = group.rules.find((one: { uid: string }) => one.uid === "skep-queue-depth");
  expect(rule.data[1].model.conditions[0].evaluator).toEqual({ type: "gt", params: [77] });
});
