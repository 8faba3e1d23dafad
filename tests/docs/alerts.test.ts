// The page about alerts against the rules that there are.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { writeValue } from "../../src/config/setting-rules.ts";
import { allSettings } from "../../src/config/setting-names.ts";
import { rules } from "../../src/metrics/alerts/rules.ts";

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
