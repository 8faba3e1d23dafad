// The keys of `[alerts.rules.NAME]`: what each is for, what it can be, and what holds without it. Plain data.

/** What the points in a window come to. */
export const statistics = [
  "last",
  "min",
  "max",
  "mean",
  "sum",
  "count",
  "rate",
  "p50",
  "p95",
  "p99",
] as const;
export type Statistic = (typeof statistics)[number];

export const severities = ["critical", "warning"] as const;

/** Exactly one of them says when a rule fires. */
export const thresholdKeys = ["above", "below", "at_least"] as const;

/** What goes only with a metric that is recorded, point by point. */
export const pointKeys = ["of", "window", "count_min", "by", "tags", "unit"] as const;

/** How many rules of their own users can have, and how many points in its window each of them looks at. */
export const rulesMax = 200;
export const pointsMax = 10_000;

export const windowUsualMs = 5 * 60_000;

interface RuleKey {
  readonly purpose: string;
  readonly range: string;
  readonly usual: string;
}

export const ruleKeys = {
  metric: {
    purpose: "What it looks at: a metric that is recorded, or what skep's own rules read.",
    range: "the name of a metric",
    usual: "has to be there",
  },
  above: {
    purpose: "It fires when the value is more than this.",
    range: "a number",
    usual: "one of the three has to be there",
  },
  below: {
    purpose: "It fires when the value is less than this.",
    range: "a number",
    usual: "",
  },
  at_least: {
    purpose: "It fires when the value is this or more.",
    range: "a number",
    usual: "",
  },
  of: {
    purpose: "What the points in the window come to; rate is how many there are in a second.",
    range: statistics.join(", "),
    usual: "last",
  },
  window: {
    purpose: "How far back points count.",
    range: "1s to 1d, and no longer than metrics.raw_keep",
    usual: "5m",
  },
  count_min: {
    purpose: "With fewer points in the window it says nothing, and what fires goes on.",
    range: `1 to ${pointsMax}`,
    usual: "1",
  },
  by: {
    purpose:
      "What subjects are told apart by: a tag, agent, or series for every combination of agent and tags.",
    range: "agent, series, or the name of a tag",
    usual: "all points are of one subject, the metric",
  },
  tags: {
    purpose: "Only points with all of these tags count.",
    range: "a table of tags and their values",
    usual: "all points",
  },
  unit: {
    purpose: "Only points in this unit count.",
    range: "a unit",
    usual: "points in any unit",
  },
  subject: {
    purpose: "It looks at this subject alone: one inbox, one agent.",
    range: "the name of a subject",
    usual: "all subjects",
  },
  hold: {
    purpose: "For how long it has to be so before it fires.",
    range: "0s to 1d",
    usual: "0s",
  },
  recovery: {
    purpose: "From which value on it is over, as a number or as a share of the threshold.",
    range: 'a number, or text such as "90%"',
    usual: "the threshold",
  },
  cooldown: {
    purpose: "How long it stays away after it has come.",
    range: "0s to 7d",
    usual: "alerts.cooldown",
  },
  severity: {
    purpose: "How bad it is.",
    range: severities.join(", "),
    usual: "warning",
  },
  about: {
    purpose: "What is wrong then, for people.",
    range: "a line of text, 200 characters at most",
    usual: "what it looks at",
  },
  enabled: {
    purpose: "Whether it is looked at; the one key that rules of skep's own have here, too.",
    range: "true, false",
    usual: "true",
  },
} as const satisfies Record<string, RuleKey>;

export type RuleKeyName = keyof typeof ruleKeys;
