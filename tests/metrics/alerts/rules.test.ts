// The rules of skep's own against the names that settings know.
import { expect, test } from "bun:test";
import { defaults } from "../../../src/config/settings.ts";
import { recordedUnit, readMetric, readMetrics } from "../../../src/core/metric-names.ts";
import { builtInRules, testRule } from "../../../src/core/rule-names.ts";
import { type Look, readingsOf } from "../../../src/metrics/alerts/readings.ts";
import { rules } from "../../../src/metrics/alerts/rules.ts";

const look: Look = {
  tick: 0,
  inboxes: [],
  ended: { acked: 0, dead: 0, expired: 0, purged: 0 },
  publicationMs: null,
  agents: [],
  startMs: null,
  logBytes: 0,
  isLogKept: false,
  freeBytes: undefined,
};

test("no rule of a user can have the name of one of skep's own", () => {
  expect(rules.map(({ name }) => name)).toEqual([...builtInRules]);
  expect(rules.map(({ name }) => name)).not.toContain(testRule);
});

test("what rules read has a name, with the unit that they have", () => {
  for (const { name, reads, unit } of rules)
    expect([name, readMetric(reads)?.unit]).toEqual([name, unit]);
  const growth = ["process.memory_growth", "process.descriptor_growth"];
  const read = [...readingsOf(look, [], defaults.alerts).keys(), ...growth];
  expect(Object.keys(readMetrics).sort()).toEqual(read.sort());
});

test("names that stand for no metric are nobody's, whatever they are called", () => {
  for (const name of ["constructor", "__proto__", "toString"])
    expect([readMetric(name), recordedUnit(name)]).toEqual([undefined, undefined]);
});
