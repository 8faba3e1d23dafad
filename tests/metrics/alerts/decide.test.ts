import { expect, test } from "bun:test";
import { defaults } from "../../../src/config/settings.ts";
import { type Known, type Knowledge, decide, keyOf } from "../../../src/metrics/alerts/decide.ts";
import {
  type Rule,
  type UsersPart,
  rules,
  thresholdOf,
} from "../../../src/metrics/alerts/rules.ts";

const settings = defaults.alerts;
const ruleOf = (name: string): Rule => rules.find((rule) => rule.name === name)!;

/** A rule that is looked at as time goes by. */
function evaluation(rule: Rule, known: Known[] = []) {
  let state: Knowledge = new Map(known.map((one) => [keyOf(one.rule, one.subject), one]));
  return (value: number | null | undefined, seconds: number, wallSeconds = seconds) => {
    const key = rule.user === undefined ? rule.reads : rule.name;
    const readings = new Map([[key, value === undefined ? [] : [{ subject: "a", value }]]]);
    const time = { now: 1_000_000_000 + wallSeconds * 1_000, tick: seconds * 1_000 };
    const decided = decide({ rules: [rule], settings }, readings, state, time);
    state = decided.known;
    return decided.transitions.map((transition) => transition.state).join();
  };
}

test("every rule has a name of its own, and a threshold among the settings", () => {
  expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
  for (const rule of rules) {
    expect([rule.name, Number.isFinite(thresholdOf(rule, settings))]).toEqual([rule.name, true]);
    for (const setting of [rule.window, rule.countMin])
      if (setting !== null) expect([rule.name, setting in settings]).toEqual([rule.name, true]);
  }
});

test("the original's six are there, with the thresholds they had", () => {
  const six = rules
    .filter(({ original }) => /exceeded|low|growth|rate|depth/.test(original ?? ""))
    .map((rule) => [rule.original, rule.severity, thresholdOf(rule, settings)]);
  expect(six.sort()).toEqual([
    ["coordination_time_exceeded", "critical", 10_000],
    ["delivery_rate_low", "warning", 90],
    ["error_rate_high", "critical", 5],
    ["fd_growth_high", "warning", 100],
    ["memory_growth_high", "warning", 10],
    ["queue_depth_high", "warning", 1_000],
  ]);
});

test("an alert comes once, and is over at some distance from the threshold only", () => {
  const look = evaluation(ruleOf("queue-depth"));
  expect(look(1_000, 0)).toBe("");
  expect(look(1_001, 2)).toBe("firing");
  expect(look(5_000, 4)).toBe("");
  expect(look(950, 6)).toBe("");
  expect(look(900, 8)).toBe("resolved");
});

test("what is too little is over when there is enough again", () => {
  const look = evaluation(ruleOf("delivery-rate"));
  expect(look(89.9, 0)).toBe("firing");
  expect(look(90, 2)).toBe("");
  expect(look(92, 4)).toBe("resolved");
});

test("the same alert rests for its cooldown, and comes then when it still has reason to", () => {
  const look = evaluation(ruleOf("queue-depth"));
  expect(look(2_000, 0)).toBe("firing");
  expect(look(0, 2)).toBe("resolved");
  expect(look(2_000, 4)).toBe("");
  expect(look(2_000, 299)).toBe("");
  expect(look(2_000, 300)).toBe("firing");
});

test("a wall clock that is set back keeps no alert away for longer than its rest", () => {
  const look = evaluation(ruleOf("queue-depth"));
  expect(look(2_000, 0)).toBe("firing");
  expect(look(0, 2)).toBe("resolved");
  expect(look(2_000, 4, -86_400)).toBe("");
  expect(look(2_000, 305, -86_400 + 301)).toBe("firing");
});

test("whoever starts anew knows what fires and what rests", () => {
  const known = { rule: "queue-depth", subject: "a", firedAt: 1_000_000_000, sinceTick: null };
  const firing = evaluation(ruleOf("queue-depth"), [{ ...known, firing: true }]);
  expect(firing(2_000, 2)).toBe("");
  expect(firing(0, 4)).toBe("resolved");
  const resting = evaluation(ruleOf("queue-depth"), [{ ...known, firing: false }]);
  expect(resting(2_000, 2)).toBe("");
});

test("a condition has to hold for its time without a break", () => {
  const look = evaluation({ ...ruleOf("queue-depth"), holdMs: 10_000 });
  expect(look(2_000, 0)).toBe("");
  expect(look(0, 5)).toBe("");
  expect(look(2_000, 6)).toBe("");
  expect(look(2_000, 15)).toBe("");
  expect(look(2_000, 16)).toBe("firing");
});

/** A rule of a user over what skep's own rules read. */
const usersRule = (name: string, more: Partial<Rule>, user: Partial<UsersPart> = {}): Rule => ({
  ...ruleOf("queue-depth"),
  name,
  threshold: 10,
  recovery: 1,
  ...more,
  user: { recoverAt: 10, points: null, subject: null, cooldownMs: null, ...user },
});

test("a rule of a user fires at its own threshold, and is over at the value that it says", () => {
  const above = evaluation(usersRule("a", {}, { recoverAt: 5 }));
  expect([10, 11, 6, 5].map((value, n) => above(value, n))).toEqual(["", "firing", "", "resolved"]);
  const atLeast = evaluation(usersRule("b", { compare: "at least" }));
  expect([9, 10, 10, 9].map((value, n) => atLeast(value, n))).toEqual([
    "",
    "firing",
    "",
    "resolved",
  ]);
  const below = evaluation(
    usersRule("c", { compare: "below", threshold: 150, unit: "percent" }, { recoverAt: 170 }),
  );
  expect([150, 149, 160, 170].map((value, n) => below(value, n))).toEqual([
    "",
    "firing",
    "",
    "resolved",
  ]);
  const zero = evaluation(usersRule("d", { threshold: 0 }, { recoverAt: -1 }));
  expect([1, 0, -1].map((value, n) => zero(value, n))).toEqual(["firing", "", "resolved"]);
});

test("a rule of a user rests for as long as it says", () => {
  const look = evaluation(usersRule("a", {}, { cooldownMs: 10_000 }));
  expect(look(11, 0)).toBe("firing");
  expect(look(0, 1)).toBe("resolved");
  expect(look(11, 9)).toBe("");
  expect(look(11, 10)).toBe("firing");
  const restless = evaluation(usersRule("b", {}, { cooldownMs: 0 }));
  expect([11, 0, 11].map((value, n) => restless(value, n))).toEqual([
    "firing",
    "resolved",
    "firing",
  ]);
});

test("a rule of a user over what skep's own read is held against that by its name alone", () => {
  const rule = usersRule("mine", {});
  const readings = new Map([["inbox.depth", [{ subject: "a", value: 11 }]]]);
  const time = { now: 1_000_000_000, tick: 0 };
  const decided = decide({ rules: [rule], settings }, readings, new Map(), time);
  expect(decided.transitions).toEqual([]);
});

test("what cannot be said changes nothing, and a subject that is gone has nothing wrong", () => {
  const look = evaluation(ruleOf("queue-depth"));
  expect(look(2_000, 0)).toBe("firing");
  expect(look(null, 2)).toBe("");
  expect(look(undefined, 4)).toBe("resolved");
});
