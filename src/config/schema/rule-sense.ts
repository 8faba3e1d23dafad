// What has to hold among the keys of a rule of a user's own, so that it can fire, be over, and mean something. Pure.
import { nearest } from "../../core/names.ts";
import { ownMetrics, readMetric, readMetrics, recordedUnit } from "../../core/metric-names.ts";
import { builtInRules, testRule } from "../../core/rule-names.ts";
import type { RuleTable } from "./alert-rule.ts";
import { pointKeys, pointsMax, thresholdKeys } from "./rule-keys.ts";

type Key = keyof RuleTable;

/** What is wrong, told at a key, or at the rule itself. */
export interface Senseless {
  key: Key | null;
  message: string;
}

/** All of it in the rule `name`, but for what rests on keys that are `wrong` by themselves, with what is said of each. */
export function senselessIn(
  name: string,
  given: RuleTable,
  wrong: ReadonlyMap<string, string>,
): Senseless[] {
  if (name === testRule)
    return [
      { key: null, message: "is what skep alerts test calls its alert\nChoose another name." },
    ];
  if ((builtInRules as readonly string[]).includes(name)) return onlyEnabled(name, given);
  const sound: RuleTable = Object.fromEntries(
    Object.entries(given).filter(([key]) => !wrong.has(key)),
  );
  const isMeant = [...wrong.values()].some((message) =>
    thresholdKeys.some((key) => message.endsWith(`Did you mean ${key}?`)),
  );
  return [
    ...metricOf(sound),
    ...(isMeant ? [] : oneThreshold(sound, wrong)),
    ...onlyPoints(sound),
    ...bounded(sound),
    ...goodSide(sound),
  ].filter(({ key, and = [] }) => ![key, ...and].some((each) => wrong.has(each)));
}

interface Found {
  key: Key;
  /** What else it rests on. */
  and?: readonly Key[];
  message: string;
}

function onlyEnabled(name: string, given: RuleTable): Senseless[] {
  const other = Object.keys(given).find((key) => key !== "enabled") as Key | undefined;
  const hint =
    "Its threshold is a setting (skep config explain alerts); a rule of your own needs a name of its own.";
  if (other !== undefined)
    return [
      {
        key: other,
        message: `cannot be set: ${name} is a rule of skep's own, and only enabled goes here\n${hint}`,
      },
    ];
  if (given.enabled !== undefined) return [];
  return [
    { key: null, message: `is a rule of skep's own\nTo switch it off: enabled = false. ${hint}` },
  ];
}

function metricOf({ metric }: RuleTable): Found[] {
  if (metric === undefined)
    return [{ key: "metric", message: 'is missing\nSay what to look at: metric = "build.time"' }];
  const known = [...new Set([...Object.keys(ownMetrics), ...Object.keys(readMetrics)])];
  const guess = known.includes(metric) ? undefined : alike(metric, known);
  if (guess === undefined) return [];
  const message = `names ${metric}, which skep does not measure\nDid you mean ${guess}? A metric of your own needs a name that is less like it.`;
  return [{ key: "metric", message }];
}

/** The one of `known` that begins with the same word and goes on almost as `metric` does. */
function alike(metric: string, known: readonly string[]): string | undefined {
  const [first, rest] = split(metric);
  const others = known.filter((name) => split(name)[0] === first);
  const guess = nearest(
    rest,
    others.map((name) => split(name)[1]),
  );
  return guess === undefined ? undefined : `${first}.${guess}`;
}

function split(name: string): [first: string, rest: string] {
  const at = name.indexOf(".");
  return at < 0 ? [name, ""] : [name.slice(0, at), name.slice(at + 1)];
}

function oneThreshold(given: RuleTable, wrong: ReadonlyMap<string, string>): Found[] {
  const [first, ...others] = thresholdKeys.filter(
    (key) => given[key] !== undefined || wrong.has(key),
  );
  if (first === undefined)
    return [
      {
        key: "above",
        message: "is missing\nSay when it fires: above, below or at_least a number.",
      },
    ];
  return others.map((key) => ({
    key,
    message: `does not go with ${first}\nA rule fires at one side; for the other one make a second rule.`,
  }));
}

function onlyPoints(given: RuleTable): Found[] {
  const { metric = "" } = given;
  const unit = recordedUnit(metric) ?? readMetric(metric)?.unit;
  if (unit !== undefined && recordedUnit(metric) === undefined)
    return pointKeys
      .filter((key) => given[key] !== undefined)
      .map((key) => ({
        key,
        and: ["metric"],
        message: `does not go with ${metric}, which is looked at as it is and recorded nowhere\nTake ${key} away.`,
      }));
  if (unit === undefined || given.unit === undefined) return [];
  return [
    { key: "unit", and: ["metric"], message: `does not go with ${metric}, whose unit is ${unit}` },
  ];
}

interface Bounds {
  /** What it is that lies between them. */
  what: string;
  least: number;
  most: number;
  /** The least that it is where it is anything at all. */
  lowest?: number;
}

function boundsOf({ metric = "", of }: RuleTable): Bounds {
  if (of === "count") return { what: "the count of points", least: 0, lowest: 1, most: pointsMax };
  if (of === "rate") return { what: "a rate", least: 0, most: Infinity };
  const read = readMetric(metric);
  const isOwn = read !== undefined || recordedUnit(metric) !== undefined;
  const { least = isOwn ? 0 : -Infinity, most = Infinity } = read ?? {};
  return of === "sum"
    ? { what: `the sum of ${metric}`, least, most: Infinity }
    : { what: metric, least, most };
}

function bounded(given: RuleTable): Found[] {
  const { what, least, most, lowest = least } = boundsOf(given);
  const and = ["metric", "of"] as const;
  const { recovery } = given;
  const values = [
    ...thresholdKeys.map((key) => [key, given[key]] as const),
    [
      "recovery",
      recovery !== undefined && "value" in recovery ? recovery.value : undefined,
    ] as const,
  ];
  return values.flatMap(([key, value]): Found[] => {
    if (value === undefined) return [];
    if (value < least || value > most) {
      const range = most === Infinity ? `never below ${least}` : `from ${least} to ${most}`;
      return [{ key, and, message: `is ${value}, and ${what} is ${range}` }];
    }
    if (key === "below" ? value > lowest : key !== "above" || value < most || given.of !== "count")
      return [];
    return [
      {
        key,
        and,
        message: `is ${value}, and ${what} is never ${key} that\nSuch a rule would never fire.`,
      },
    ];
  });
}

function goodSide(given: RuleTable): Found[] {
  const key = thresholdKeys.find((one) => given[one] !== undefined);
  const { recovery } = given;
  if (key === undefined || recovery === undefined) return [];
  const threshold = given[key]!;
  const value = "value" in recovery ? recovery.value : recovery.share * threshold;
  if (key === "below" ? value >= threshold : value <= threshold) return [];
  const [fires, over] =
    key === "below" ? ["below", "more"] : [key === "above" ? "above" : "at", "less"];
  const message = `is ${value}, on the wrong side of the threshold: it fires ${fires} ${threshold}\nIt is over at ${threshold} or ${over}.`;
  return [{ key: "recovery", and: ["metric", "of", ...thresholdKeys], message }];
}
