import fc from "fast-check";
import { describe, expect, test } from "bun:test";
import { parse } from "smol-toml";
import { stringify } from "yaml";
import { writtenRules } from "../../src/config/alert-rules.ts";
import { fileLayer } from "../../src/config/layers.ts";
import { loadSettings } from "../../src/config/load.ts";
import { settingsFile } from "../../src/config/schema/settings.ts";
import { jsonSchemaOf } from "../../src/config/json-schema.ts";
import { ruleKeys } from "../../src/config/schema/rule-keys.ts";
import { casesMs, casesOf, seed } from "../helpers/cases.ts";
import { change, changed, checkTold, inEachLanguage } from "./mutations.ts";
import { fileWith, rulesOf, wrongWith } from "./rule-files.ts";

const full = `
[alerts.rules.slow-build]
metric = "build.time"
above = 5000
of = "p95"
window = "10m"
count_min = 5
by = "phase"
tags = { os = "linux" }
unit = "ms"
subject = "link"
hold = "10s"
recovery = "80%"
cooldown = "1m"
severity = "critical"
about = "linking takes long"
`;

describe("a rule of one's own", () => {
  const rule = {
    name: "slow-build",
    metric: "build.time",
    compare: "above",
    threshold: 5_000,
    recoverAt: 4_000,
    points: {
      of: "p95",
      windowMs: 600_000,
      countMin: 5,
      by: "phase",
      tags: { os: "linux" },
      unit: "ms",
    },
    subject: "link",
    holdMs: 10_000,
    cooldownMs: 60_000,
    severity: "critical",
    about: "linking takes long",
  };
  const texts = { toml: full, yaml: stringify(parse(full)), json: JSON.stringify(parse(full)) };
  for (const [kind, text] of Object.entries(texts))
    test(`is the same in ${kind}`, async () => {
      expect(await rulesOf(text, kind)).toEqual({ users: [rule as never], off: [] });
    });
  test("needs a metric and a threshold; the rest is as usual", async () => {
    const { users } = await rulesOf('[alerts.rules.a]\nmetric = "m"\nbelow = -1.5');
    const points = { of: "last", windowMs: 300_000, countMin: 1, by: null, tags: {}, unit: null };
    expect(users).toEqual([
      {
        name: "a",
        metric: "m",
        compare: "below",
        threshold: -1.5,
        recoverAt: -1.5,
        points: points as never,
        subject: null,
        holdMs: 0,
        cooldownMs: null,
        severity: "warning",
        about: "last of m in 5m is below -1.5",
      },
    ]);
  });
  test("looks at what skep's own rules read as it is, unless it says something of points", async () => {
    const { users } = await rulesOf(`
      [alerts.rules.a]
      metric = "inbox.depth"
      at_least = 3
      subject = "payments"
      [alerts.rules.b]
      metric = "inbox.depth"
      above = 3
      of = "max"
      by = "inbox"
      [alerts.rules.c]
      metric = "agent.restarts_per_min"
      above = 0`);
    expect(users.map(({ points }) => points?.of ?? null)).toEqual([null, "max", null]);
  });
  test("is in words what it looks at", async () => {
    const said = writtenRules(await rulesOf(`${full}[alerts.rules.dead-letters]\nenabled = false`));
    expect(said).toEqual([
      {
        name: "slow-build",
        text: "p95 of build.time os=linux in 10m by phase of link above 5000",
      },
      { name: "dead-letters", text: "switched off" },
    ]);
  });
  test("stands beside settings, and those are as they were", async () => {
    const { home } = fileWith(`[alerts]\noldest = "1m"\n${full}`);
    const { alerts, alertRules } = await loadSettings(home);
    expect([alerts.oldestMs, alertRules.users.length]).toEqual([60_000, 1]);
  });
  test("stands beside the $schema of an editor", async () => {
    const text = JSON.stringify({ $schema: "skep.schema.json", ...parse(full) });
    expect((await rulesOf(text, "json")).users).toMatchObject([{ name: "slow-build" }]);
  });
  test("has every key that is explained, and no other, in the schema for editors", () => {
    // oxlint-disable-next-line typescript/no-explicit-any
    const schema: any = jsonSchemaOf(settingsFile(), "settings");
    const { properties } = schema.properties.alerts.properties.rules.additionalProperties;
    expect(Object.keys(properties)).toEqual(Object.keys(ruleKeys));
    for (const [key, { purpose }] of Object.entries(ruleKeys))
      expect([key, properties[key].description]).toEqual([key, purpose]);
  });
});

describe("switching off", () => {
  test("is for skep's own rules as for others", async () => {
    const text = '[alerts.rules.queue-depth]\nenabled = false\n[alerts.rules.a]\nmetric = "m"\n';
    const { users, off } = await rulesOf(`${text}above = 1\nenabled = false`);
    expect(users.map(({ name }) => name)).toEqual(["a"]);
    expect(off).toEqual(["queue-depth", "a"]);
  });
});

describe("what is no rule is refused where it stands", () => {
  const named: [text: string, message: string, hint: string][] = [
    [
      "[alerts.rules.queue-depth]\nabove = 5",
      ":2: alerts.rules.queue-depth.above cannot be set: queue-depth is a rule of skep's own",
      "a rule of your own needs a name of its own",
    ],
    [
      "[alerts.rules.queue-depth]",
      ":1: alerts.rules.queue-depth is a rule of skep's own",
      "enabled = false",
    ],
    [
      "[alerts.rules.test]\nmetric = 'm'\nabove = 1",
      ":1: alerts.rules.test is what skep alerts",
      "",
    ],
    ["[alerts.rules.'a b']\nmetric = 'm'\nabove = 1", ":1: alerts.rules.a b must be the name", ""],
    ["[alerts]\nrules = 5", ":2: alerts.rules must be a table of rules, not 5", "Name them one by"],
    ["[[alerts.rules]]\nmetric = 'm'", ":1: alerts.rules must be a table of rules", "one by one"],
    ["[alerts.rules]\na = 5", ":2: alerts.rules.a must be a table of keys and values, not 5", ""],
    ["[alerts.rule.a]\nmetric = 'm'", ":1: alerts.rule is not known", "Did you mean rules?"],
  ];
  for (const [text, message, hint] of named)
    test(JSON.stringify(text), async () => {
      const [first, ...others] = await wrongWith(text);
      expect(others).toEqual([]);
      expect(first![0]).toStartWith(message);
      expect(first![1]).toContain(hint);
    });

  test("more rules than can be looked at again and again", async () => {
    const some = (count: number) =>
      Array.from({ length: count }, (_, n) => `[alerts.rules.r${n}]\nmetric = "m"\nabove = 1`);
    expect(await wrongWith(some(200).join("\n"))).toEqual([]);
    expect(await wrongWith(some(201).join("\n"))).toEqual([
      [":1: alerts.rules has 201 rules", "200 is the limit."],
    ]);
  });
  test("all of it at once, on the lines of each language", async () => {
    const texts = {
      yaml: "alerts:\n  rules:\n    a:\n      metric: m\n      above: .nan\n    b: {abov: 1,\n      metric: m}\n",
      json: '{"alerts": {"rules":\n{"a": {"metric": "m", "above": 1,\n"hold": "2d"},\n"b": {"metric": "m"}}}}',
    };
    expect((await wrongWith(texts.yaml, "yaml")).map(([message]) => message)).toEqual([
      ":5: alerts.rules.a.above must be a number, not NaN",
      ":6: alerts.rules.b.abov is not known",
    ]);
    expect((await wrongWith(texts.json, "json")).map(([message]) => message)).toEqual([
      ':3: alerts.rules.a.hold must be a duration from 0s to 1d, not "2d"',
      ":4: alerts.rules.b.above is missing",
    ]);
  });
});

describe("what does not fit other settings is refused", () => {
  const rule = (lines: string) => `[alerts.rules.a]\nabove = 1\n${lines}\n`;
  test("a window that is longer than points are kept", async () => {
    const text = `${rule("metric = 'm'\nwindow = '10m'")}[metrics]\nraw_keep = "2m"`;
    expect(await wrongWith(text)).toEqual([
      [
        ":4: alerts.rules.a.window is 10m, longer than metrics.raw_keep (2m)",
        "Points that are older are forgotten.",
      ],
    ]);
    const usual = `${rule("metric = 'm'")}[metrics]\nraw_keep = "2m"`;
    expect((await wrongWith(usual))[0]![0]).toStartWith(":1: alerts.rules.a.window is 5m, longer");
  });
  test("a window in which there is mostly no sample", async () => {
    const [first] = await wrongWith(rule("metric = 'process.cpu'\nwindow = '15s'"));
    expect(first![0]).toBe(
      ":4: alerts.rules.a.window is 15s, and there is a point of process.cpu every 10s only",
    );
    expect(await wrongWith(rule("metric = 'process.cpu'\nwindow = '20s'"))).toEqual([]);
    // It comes when it happens.
    expect(await wrongWith(rule("metric = 'agent.ends'\nof = 'count'\nwindow = '1s'"))).toEqual([]);
  });
  test("what skep would record where it records nothing", async () => {
    const text = `${rule("metric = 'agent.ends'\nof = 'count'")}[metrics]\nsample_every = "0s"`;
    const [first] = await wrongWith(text);
    expect(first![0]).toBe(":3: alerts.rules.a.metric names agent.ends, which nobody records");
  });
});

for (const [kind, usual] of inEachLanguage(full))
  test(
    `a rule in ${kind} with one mistake is refused with the file, the line and the key, or means something else that fits`,
    async () => {
      const file = `skep.${kind}`;
      let refused = 0;
      await fc.assert(
        fc.asyncProperty(change, async (one) => {
          const text = changed(usual, one);
          const { mistakes, rules } = await fileLayer({ file, bytes: Buffer.from(text) });
          if (mistakes.length === 0) {
            for (const { threshold, recoverAt } of rules?.all.users ?? [])
              expect([threshold, recoverAt].every(Number.isFinite)).toBe(true);
            return;
          }
          checkTold(mistakes, file, text.split("\n").length);
          refused++;
        }),
        { numRuns: casesOf(300), seed },
      );
      expect(refused).toBeGreaterThan(casesOf(300) / 3);
    },
    casesMs(60_000),
  );
