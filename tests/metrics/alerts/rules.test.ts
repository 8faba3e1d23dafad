// The rules of skep's own against the names that settings know.
import { expect, test } from "bun:test";
import { defaults } from "../../../src/config/settings.ts";
import { recordedUnit, readMetric, readMetrics } from "../../../src/core/metric-names.ts";
import { builtInRules, testRule } from "../../../src/core/rule-names.ts";
import { readingsOf } from "../../../src/metrics/alerts/readings.ts";
import { rules } from "../../../src/metrics/alerts/rules.ts";
import { lookAt } from "./look-at.ts";

test("no rule of a user can have the name of one of skep's own", () => {
  expect(rules.map(({ name }) => name)).toEqual([...builtInRules]);
  expect(rules.map(({ name }) => name)).not.toContain(testRule);
});

test("what rules read has a name, with the unit that they have", () => {
  for (const { name, reads, unit } of rules)
    expect([name, readMetric(reads)?.unit]).toEqual([name, unit]);
  const growth = ["process.memory_growth", "process.descriptor_growth"];
  const read = [...readingsOf(lookAt(0), [lookAt(0)], defaults.alerts).keys(), ...growth];
  expect(Object.keys(readMetrics).sort()).toEqual(read.sort());
});

test("names that stand for no metric are nobody's, whatever they are called", () => {
  for (const name of ["constructor", "__proto__", "toString"])
    expect([readMetric(name), recordedUnit(name)]).toEqual([undefined, undefined]);
});
