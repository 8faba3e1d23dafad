import { describe, expect, test } from "bun:test";
import { wrongWith } from "../rule-files.ts";

describe("what makes no sense is refused where it stands", () => {
  /** The lines of a rule on the lines 2 and on, what is said of it, and the hint. */
  const refused: [lines: string, message: string, hint?: string][] = [
    ["above = 1", ":1: alerts.rules.a.metric is missing", "Say what to look at"],
    ["metrc = 'm'\nabove = 1", ":2: alerts.rules.a.metrc is not known", "Did you mean metric?"],
    ["metric = 'm'", ":1: alerts.rules.a.above is missing", "above, below or at_least"],
    ["metric = 'm'\nbelo = 1", ":3: alerts.rules.a.belo is not known", "Did you mean below?"],
    ["metric = 'm'\nabove = 1\nbelow = 0", ":4: alerts.rules.a.below does not go with above"],
    ["metric = 'm'\nabove = 1\nat_least = 1", ":4: alerts.rules.a.at_least does not go with above"],
    ["metric = 'm'\nabove = nan", ":3: alerts.rules.a.above must be a number, not NaN"],
    ["metric = 'm'\nabove = inf", ":3: alerts.rules.a.above must be a number, not Infinity"],
    ["metric = 'm'\nabove = '5'", ':3: alerts.rules.a.above must be a number, not "5"'],
    ["metric = 'a b'\nabove = 1", ":2: alerts.rules.a.metric must be the name of a metric"],
    ["metric = 5\nabove = 1", ":2: alerts.rules.a.metric must be the name of a metric, not 5"],
    [
      `metric = '${"m".repeat(101)}'\nabove = 1`,
      ":2: alerts.rules.a.metric must be 100 characters",
    ],
    [
      "metric = 'inbox.dept'\nabove = 1",
      ":2: alerts.rules.a.metric names inbox.dept, which skep does not measure",
      "Did you mean inbox.depth?",
    ],
    [
      "metric = 'disk.free'\nbelow = -1",
      ":3: alerts.rules.a.below is -1, and disk.free is never below 0",
    ],
    [
      "metric = 'disk.free'\nbelow = 0",
      ":3: alerts.rules.a.below is 0, and disk.free is never below that",
      "never fire",
    ],
    [
      "metric = 'inbox.utilization'\nabove = 101",
      ":3: alerts.rules.a.above is 101, and inbox.utilization is from 0 to 100",
    ],
    [
      "metric = 'delivery.rate'\nbelow = 90\nrecovery = 120",
      ":4: alerts.rules.a.recovery is 120, and delivery.rate is from 0 to 100",
    ],
    [
      "metric = 'm'\nof = 'count'\nbelow = 1",
      ":4: alerts.rules.a.below is 1, and the count of points is never below that",
    ],
    [
      "metric = 'm'\nof = 'count'\nabove = 10_000",
      ":4: alerts.rules.a.above is 10000, and the count of points is never above that",
    ],
    [
      "metric = 'm'\nof = 'rate'\nabove = -1",
      ":4: alerts.rules.a.above is -1, and a rate is never below 0",
    ],
    [
      "metric = 'm'\nabove = 5\nrecovery = 6",
      ":4: alerts.rules.a.recovery is 6, on the wrong side of the threshold: it fires above 5",
      "It is over at 5 or less.",
    ],
    [
      "metric = 'm'\nbelow = 5\nrecovery = '90%'",
      ":4: alerts.rules.a.recovery is 4.5, on the wrong side of the threshold: it fires below 5",
      "It is over at 5 or more.",
    ],
    [
      "metric = 'm'\nabove = -5\nrecovery = '90%'",
      ":4: alerts.rules.a.recovery is -4.5, on the wrong side",
    ],
    [
      "metric = 'm'\nabove = 5\nrecovery = '90'",
      ":4: alerts.rules.a.recovery must be a number, or",
    ],
    ["metric = 'm'\nabove = 5\nrecovery = nan", ":4: alerts.rules.a.recovery must be a number, or"],
    [
      "metric = 'm'\nabove = 1\nof = 'p96'",
      ":4: alerts.rules.a.of must be last, min, max",
      "Did you mean p95?",
    ],
    [
      "metric = 'm'\nabove = 1\nwindow = '2d'",
      ":4: alerts.rules.a.window must be a duration from 1s",
    ],
    ["metric = 'm'\nabove = 1\nwindow = 60", ":4: alerts.rules.a.window must be a duration"],
    ["metric = 'm'\nabove = 1\nhold = '25h'", ":4: alerts.rules.a.hold must be a duration from 0s"],
    ["metric = 'm'\nabove = 1\ncooldown = '8d'", ":4: alerts.rules.a.cooldown must be a duration"],
    [
      "metric = 'm'\nabove = 1\ncount_min = 0",
      ":4: alerts.rules.a.count_min must be a whole number",
    ],
    [
      "metric = 'm'\nabove = 1\nseverity = 'info'",
      ":4: alerts.rules.a.severity must be critical or",
    ],
    ["metric = 'm'\nabove = 1\nby = 'a-b'", ":4: alerts.rules.a.by must be agent, series or"],
    ["metric = 'm'\nabove = 1\nunit = 'per second'", ":4: alerts.rules.a.unit must be a unit"],
    [
      "metric = 'm'\nabove = 1\ntags = { 'a-b' = 'x' }",
      ":4: alerts.rules.a.tags.a-b must be the name",
    ],
    ["metric = 'm'\nabove = 1\ntags = { a = '' }", ":4: alerts.rules.a.tags.a must be text of one"],
    ["metric = 'm'\nabove = 1\ntags = 'a=b'", ":4: alerts.rules.a.tags must be a table of tags"],
    [
      "metric = 'm'\nabove = 1\nabout = \"\\u001b[2J\"",
      ":4: alerts.rules.a.about must be text of one",
    ],
    ["metric = 'm'\nabove = 1\nenabled = 'no'", ":4: alerts.rules.a.enabled must be true or false"],
    ...["of = 'max'", "window = '1m'", "count_min = 2", "by = 'agent'", "tags = { a = 'b' }"].map(
      (line): [string, string] => [
        `metric = 'inbox.oldest'\nabove = 1\n${line}`,
        `:4: alerts.rules.a.${line.split(" ")[0]} does not go with inbox.oldest, which is looked at as it is`,
      ],
    ),
    [
      "metric = 'process.cpu'\nabove = 1\nunit = 'ms'",
      ":4: alerts.rules.a.unit does not go with process.cpu, whose unit is percent",
    ],
  ];
  for (const [lines, message, hint] of refused)
    test(JSON.stringify(lines), async () => {
      const [first, ...others] = await wrongWith(`[alerts.rules.a]\n${lines}`);
      expect(others).toEqual([]);
      expect(first![0]).toStartWith(message);
      expect(first![1]).toContain(hint ?? "");
    });
});
