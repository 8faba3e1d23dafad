// The page about alerts against the rules that there are.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { loadSettings } from "../../src/config/load.ts";
import { writeValue } from "../../src/config/setting-rules.ts";
import { allSettings } from "../../src/config/setting-names.ts";
import { rules } from "../../src/metrics/alerts/rules.ts";
import { firstMax, newestMax } from "../../src/metrics/alerts/users-readings.ts";
import { ruleMax, subjectMax } from "../../src/metrics/alerts/windows.ts";
import { tempDir } from "../helpers/temp-dir.ts";

const page = readFileSync(join(import.meta.dir, "..", "..", "docs", "alerts.md"), "utf8");

test("the table of rules is that of the program, line by line", () => {
  const told = page
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  expect(told).toEqual(
    rules.map(({ name, severity, reads, compare, threshold, original }) => {
      const named = allSettings.find((one) => one.section === "alerts" && one.name === threshold);
      return [
        `\`${name}\``,
        severity,
        `\`${reads}\` ${compare}`,
        named === undefined ? "-" : `\`${named.key}\``,
        named === undefined ? "1" : writeValue(named, named.setting.usual),
        original === null ? "-" : `\`${original}\``,
      ];
    }),
  );
});

test("the rules that it shows can stand in a file of settings", async () => {
  const [, toml] = /```toml\n([^]*?)```/.exec(page)!;
  const home = tempDir();
  writeFileSync(join(home, "skep.toml"), toml!);
  const { users, off } = (await loadSettings(home)).alertRules;
  expect([users.map(({ name }) => name), off]).toEqual([
    ["slow-tests", "payments-wait"],
    ["dead-letters"],
  ]);
  expect(users[0]!.recoverAt).toBe(4_000);
});

test("what it says of how many points count is so", () => {
  for (const count of [subjectMax, ruleMax, newestMax, firstMax])
    expect(page).toContain(count.toLocaleString("en-US"));
});
