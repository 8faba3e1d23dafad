// The rules of users, from what the file says of each to what the program reads; and what has to hold between them and
// the settings. Pure.
import { writeDuration } from "../core/durations.ts";
import { readMetric, recordedUnit } from "../core/metric-names.ts";
import type { Finding } from "./faults.ts";
import type { RuleTable } from "./schema/alert-rule.ts";
import { type Statistic, pointKeys, thresholdKeys, windowUsualMs } from "./schema/rule-keys.ts";

export interface UserRule {
  name: string;
  metric: string;
  compare: "above" | "at least" | "below";
  threshold: number;
  /** From which value on it is over. */
  recoverAt: number;
  /** What the points of a window come to; null for what is looked at as it is. */
  points: PointsOf | null;
  /** The one subject that it looks at; null: all. */
  subject: string | null;
  holdMs: number;
  /** Null: as all the others. */
  cooldownMs: number | null;
  severity: "critical" | "warning";
  about: string;
}

export interface PointsOf {
  of: Statistic;
  windowMs: number;
  countMin: number;
  /** A tag, `agent`, or `series` for each combination; null: all points are of one subject. */
  by: string | null;
  tags: Readonly<Record<string, string>>;
  /** Null: any. */
  unit: string | null;
}

/** What `[alerts.rules]` says: the rules that users made, and which of all, skep's own among them, are switched off. */
export interface AlertRules {
  readonly users: readonly UserRule[];
  readonly off: readonly string[];
}

/** What the tables `all`, in which nothing is wrong, say. */
export function alertRulesOf(all: Readonly<Record<string, RuleTable>>): AlertRules {
  const entries = Object.entries(all);
  return {
    // Of skep's own there stands nothing but whether they are looked at.
    users: entries.flatMap(([name, { metric, ...given }]) =>
      metric === undefined ? [] : [userRule(name, metric, given)],
    ),
    off: entries.flatMap(([name, { enabled }]) => (enabled === false ? [name] : [])),
  };
}

function userRule(name: string, metric: string, given: Omit<RuleTable, "metric">): UserRule {
  const key = thresholdKeys.find((one) => given[one] !== undefined)!;
  const threshold = given[key]!;
  const { recovery = { value: threshold } } = given;
  const rule = {
    name,
    metric,
    compare: compares[key],
    threshold,
    recoverAt: "value" in recovery ? recovery.value : recovery.share * threshold,
    points: isRecorded(metric, given) ? pointsOf(given) : null,
    subject: given.subject ?? null,
    holdMs: given.hold ?? 0,
    cooldownMs: given.cooldown ?? null,
    severity: given.severity ?? "warning",
    about: "",
  } as const;
  return { ...rule, about: given.about ?? `${whatOf(rule)} is ${rule.compare} ${threshold}` };
}

const compares = { above: "above", below: "below", at_least: "at least" } as const;

// What is both read and recorded is looked at as it is, unless something is said about points.
function isRecorded(metric: string, given: Omit<RuleTable, "metric">): boolean {
  return readMetric(metric) === undefined || pointKeys.some((key) => given[key] !== undefined);
}

function pointsOf(given: Omit<RuleTable, "metric">): PointsOf {
  return {
    of: given.of ?? "last",
    windowMs: given.window ?? windowUsualMs,
    countMin: given.count_min ?? 1,
    by: given.by ?? null,
    tags: given.tags ?? {},
    unit: given.unit ?? null,
  };
}

/** What a rule looks at, in words: `p95 of build.time in 5m by phase`. */
export function whatOf({
  metric,
  points,
  subject,
}: Pick<UserRule, "metric" | "points" | "subject">): string {
  const alone = subject === null ? "" : ` of ${subject}`;
  if (points === null) return `${metric}${alone}`;
  const { of, windowMs, by, tags } = points;
  const only = Object.entries(tags).map(([tag, value]) => ` ${tag}=${value}`);
  const apart = by === null ? "" : ` by ${by}`;
  return `${of} of ${metric}${only.join("")} in ${writeDuration(windowMs)}${apart}${alone}`;
}

/** What is said of rules, each of them in words: `p95 of build.time in 5m above 5000`. */
export function writtenRules({ users, off }: AlertRules): { name: string; text: string }[] {
  const builtIn = off.filter((name) => users.every((rule) => rule.name !== name));
  return [
    ...users.map((rule) => {
      const text = `${whatOf(rule)} ${rule.compare} ${rule.threshold}`;
      return { name: rule.name, text: off.includes(rule.name) ? `${text}, switched off` : text };
    }),
    ...builtIn.map((name) => ({ name, text: "switched off" })),
  ];
}

/** Where the rules do not fit how long points are kept, and how often skep takes some. */
export function unfitRules(
  { users }: AlertRules,
  { rawKeepMs, sampleEveryMs }: { rawKeepMs: number; sampleEveryMs: number },
): Finding[] {
  return users.flatMap(({ name, metric, points }) => {
    if (points === null) return [];
    const at = (key: string) => ["alerts", "rules", name, key];
    const { windowMs } = points;
    const isOwn = recordedUnit(metric) !== undefined;
    if (isOwn && sampleEveryMs === 0)
      return [
        {
          path: at("metric"),
          what: `names ${metric}, which nobody records`,
          hint: "metrics.sample_every is 0s; with any other time the supervisor does.",
        },
      ];
    if (windowMs > rawKeepMs)
      return [
        {
          path: at("window"),
          what: `is ${writeDuration(windowMs)}, longer than metrics.raw_keep (${writeDuration(rawKeepMs)})`,
          hint: "Points that are older are forgotten.",
        },
      ];
    if (!isOwn || !sampled.test(metric) || windowMs >= 2 * sampleEveryMs) return [];
    return [
      {
        path: at("window"),
        what: `is ${writeDuration(windowMs)}, and there is a point of ${metric} every ${writeDuration(sampleEveryMs)} only`,
        hint: `Without two of them in it, it would be over between one and the next: at least ${writeDuration(2 * sampleEveryMs)}.`,
      },
    ];
  });
}

// What comes with each sample; the others come when something happens.
const sampled = /^(process|inbox)\./;
