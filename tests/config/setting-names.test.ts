import { expect, test } from "bun:test";
import { isNumeric } from "../../src/config/schema/setting.ts";
import { allSettings, findSetting } from "../../src/config/setting-names.ts";
import { defaults } from "../../src/config/settings.ts";

test("every setting has its own key and its own variable", () => {
  for (const names of [allSettings.map(({ key }) => key), allSettings.map((one) => one.variable)])
    expect(new Set(names).size).toBe(allSettings.length);
});

test("names in files are those in the program with underscores, and without the unit of a duration", () => {
  expect(findSetting("bus.body_bytes_max")).toMatchObject({ name: "bodyBytesMax" });
  expect(findSetting("SKEP_BUS_LEASE")).toMatchObject({ key: "bus.lease", name: "leaseMs" });
  expect(findSetting("CFN_HEALTH_TIMEOUT")).toMatchObject({ key: "agents.suspect_after" });
  expect(findSetting("lease")).toBeUndefined();
});

test("every duration is in milliseconds by its name, and nothing else is", () => {
  for (const { name, setting } of allSettings)
    expect([name, name.endsWith("Ms")]).toEqual([name, setting.kind === "duration"]);
});

test("what is usual, and what profiles have, lies in the range, and each purpose is a sentence", () => {
  for (const { key, setting } of allSettings) {
    expect([key, setting.purpose]).toEqual([key, expect.stringMatching(/^[A-Z].*[^.]\.$/)]);
    const values = [setting.usual, ...Object.values(setting.profiles ?? {})];
    for (const value of values)
      if (setting.kind === "choice") expect(setting.options).toContain(String(value));
      else if (isNumeric(setting)) {
        expect(Number(value)).toBeGreaterThanOrEqual(setting.least);
        expect(Number(value)).toBeLessThanOrEqual(setting.most);
      }
  }
});

test("a home with no settings carries a hundred agents", () => {
  expect(defaults.agents.countMax).toBeGreaterThanOrEqual(100);
  expect(defaults.bus.inboxCap).toBeGreaterThanOrEqual(500);
});
