import { describe, expect, test } from "bun:test";
import { explain } from "../../src/cli/config-explain.ts";
import { ruleKeys } from "../../src/config/schema/rule-keys.ts";
import { heardContext } from "../helpers/heard-context.ts";

test("one setting is explained with its value here, where that is from, and its range", async () => {
  const { context, lines, home } = heardContext('[bus]\nlease = "30s"\n');
  await explain(context, "SKEP_BUS_LEASE");
  const text = lines.join("\n");
  expect(text).toContain("bus.lease");
  expect(text).toContain(`${home}/skep.toml:2`);
  expect(text).toContain("10ms to 7d");
});
test("without a name every setting and every variable has a line", async () => {
  const { context, lines } = heardContext("");
  await explain(context, undefined);
  for (const name of ["bus.lease", "store.durability", "SKEP_HOME", "CFN_BASE_DIR"])
    expect(lines.some((line) => line.startsWith(`${name} `))).toBe(true);
});
test("as JSON there is an object for each setting of a section", async () => {
  const { context, lines } = heardContext("", { json: true });
  await explain(context, "store");
  const names = lines.map((line) => JSON.parse(line));
  expect(names.length).toBeGreaterThanOrEqual(2);
  expect(JSON.stringify(names)).toContain("store.durability");
});
test("what is unknown is refused, and mistakes are no reason not to explain", async () => {
  const { context, said } = heardContext('[bus]\nlease = "never"\n');
  expect(explain(context, "bus.leese")).rejects.toThrow('there is no setting "bus.leese"');
  await explain(context, "bus.lease");
  expect(said[0]).toContain("what is set here has mistakes");
});

describe("rules of one's own", () => {
  const rule = '[alerts.rules.slow]\nmetric = "build.time"\nabove = 5\n';
  test.each(["alerts.rules", "alerts.rules.slow", "rules"])("are explained as %s", async (word) => {
    const { context, lines } = heardContext(rule);
    await explain(context, word);
    for (const key of Object.keys(ruleKeys))
      expect(lines.some((line) => line.startsWith(`  ${key} `))).toBe(true);
    expect(lines).toContain("  slow  last of build.time in 5m above 5");
  });
  test("stand among all that can be set, and in the section of alerts", async () => {
    const all = heardContext(rule);
    await explain(all.context, undefined);
    expect(all.lines.find((line) => line.startsWith("alerts.rules.NAME "))).toContain("1 here");
    const section = heardContext(rule, { json: true });
    await explain(section.context, "alerts");
    const last = JSON.parse(section.lines.at(-1)!);
    expect(last).toMatchObject({ setting: "alerts.rules", kind: "rules", restart: "swarm" });
    expect(last.keys).toHaveLength(Object.keys(ruleKeys).length);
  });
});
