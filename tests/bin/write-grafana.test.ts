import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { expressionOf, expressions } from "../../bin/grafana/alerts.ts";
import { panelExpressions } from "../../bin/grafana/dashboard.ts";
import { grafanaFiles } from "../../bin/write-grafana.ts";
import { familiesOf } from "../../src/export/prometheus.ts";
import { rules } from "../../src/metrics/alerts/rules.ts";
import { example } from "../export/snapshots.ts";
import { lacks } from "../helpers/programs.ts";
import { tempDir } from "../helpers/temp-dir.ts";

const folder = join(import.meta.dir, "..", "..", "src", "export", "grafana");

const ruleExpressions = rules.map((rule) => [rule.name, expressionOf(rule)] as const);
const all = [...panelExpressions, ...ruleExpressions];

test("what is exported is what the SDK makes (bun bin/write-grafana.ts writes it)", () => {
  for (const [name, make] of Object.entries(grafanaFiles)) {
    const written = JSON.parse(readFileSync(join(folder, name), "utf8"));
    expect(written).toEqual(JSON.parse(JSON.stringify(make())));
  }
});
test("the panels of the original system are there, each query with a legend", () => {
  const { panels } = JSON.parse(readFileSync(join(folder, "dashboard.json"), "utf8"));
  const titles = panels.map(({ title }: { title: string }) => title);
  for (const title of [
    "Inbox Utilization by Agent",
    "Inbox Message Count",
    "Backpressure Events Rate",
    "Message Send Failures",
    "Inbox Overflow Events",
    "Alert Summary",
    "Top Utilized Agents",
  ])
    expect(titles).toContain(title);
  const targets = panels.flatMap((panel: { targets?: { expr: string }[] }) => panel.targets ?? []);
  expect(targets.map(({ expr }: { expr: string }) => expr)).toEqual(
    panelExpressions.map(([, expression]) => expression),
  );
});
test("each rule of skep has an expression, and is in the file", () => {
  for (const { reads } of rules) expect(Object.keys(expressions)).toContain(reads);
  const file = JSON.parse(readFileSync(join(folder, "alerts.json"), "utf8"));
  const uids = file.groups[0].rules.map(({ uid }: { uid: string }) => uid);
  expect(uids).toEqual(rules.map(({ name }) => `skep-${name}`));
});
test.each(all)("%s asks for metrics that are exported: %s", (_, expression) => {
  const known = familiesOf(example).map(({ name, type }) =>
    type === "counter" ? `${name}_total` : name,
  );
  const names = expression.match(/\bskep_\w+/g) ?? [];
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => !known.includes(name))).toEqual([]);
});
test.skipIf(lacks("promtool"))(
  "promtool understands every expression, and would not understand a broken one (wants promtool)",
  () => {
    const check = (expressions: readonly string[]) => {
      const file = join(tempDir(), "rules.yml");
      const rows = expressions.map((expr, n) => ({ alert: `rule_${n}`, expr: `(${expr}) > 0` }));
      writeFileSync(file, JSON.stringify({ groups: [{ name: "skep", rules: rows }] }));
      const { exitCode, stdout, stderr } = Bun.spawnSync(["promtool", "check", "rules", file]);
      return { exitCode, words: `${stdout}${stderr}` };
    };
    const { exitCode, words } = check(all.map(([, expression]) => expression));
    expect(words).toContain(`SUCCESS: ${all.length} rules found`);
    expect(exitCode).toBe(0);
    expect(check(["sum by (inbox (x)"]).exitCode).not.toBe(0);
  },
);
