// The keys of a rule of a user's own, each checked by itself. What is sense among them is for rule-sense.ts.
import * as v from "valibot";
import {
  metricLengthMax,
  metricPattern,
  tagPattern,
  unitPattern,
} from "../../core/metric-names.ts";
import { type RuleKeyName, pointsMax, ruleKeys, severities, statistics } from "./rule-keys.ts";
import { anyTable, choice, duration, editors, table, whole } from "./values.ts";

const dayMs = 24 * 3_600_000;
const sharePattern = /^(\d{1,4}(?:\.\d{1,6})?)%$/;

/** A rule, but for what has to hold among its keys. Made when it is asked for: most files have none, and it takes its time. */
export function alertRule() {
  return table({
    metric: told(
      "metric",
      v.pipe(
        formed(metricPattern, "the name of a metric\nWords with dots between them: build.time."),
        v.maxLength(metricLengthMax, `must be ${metricLengthMax} characters at most`),
      ),
    ),
    above: told("above", anyNumber()),
    below: told("below", anyNumber()),
    at_least: told("at_least", anyNumber()),
    of: told("of", choice(statistics)),
    window: told("window", duration(1_000, dayMs)),
    count_min: told("count_min", whole(1, pointsMax)),
    by: told("by", formed(tagPattern, "agent, series or the name of a tag")),
    tags: told(
      "tags",
      v.pipe(
        anyTable<Record<string, string>>('a table of tags: { phase = "link" }'),
        v.record(formed(tagPattern, "the name of a tag"), line(64)),
      ),
    ),
    unit: told("unit", formed(unitPattern, "a unit: ms, bytes, count, req/s")),
    subject: told("subject", line(200)),
    hold: told("hold", duration(0, dayMs)),
    recovery: told("recovery", recovery()),
    cooldown: told("cooldown", duration(0)),
    severity: told("severity", choice(severities)),
    about: told("about", line(200)),
    enabled: told("enabled", v.boolean("must be true or false")),
  });
}

/** A rule as the file describes it, without what it leaves to be as usual. */
export type RuleTable = v.InferOutput<ReturnType<typeof alertRule>>;

function told<Schema extends v.GenericSchema>(key: RuleKeyName, schema: Schema) {
  const described = v.pipe(schema, editors({ description: ruleKeys[key].purpose }));
  return v.optional(described as unknown as Schema);
}

/** Text of that form, or it is said what it must be. */
export function formed(pattern: RegExp, what: string) {
  const message = `must be ${what}`;
  return v.pipe(
    v.string(message),
    v.regex(pattern, message),
    editors({ type: "string", pattern: pattern.source }),
  );
}

function line(lengthMax: number) {
  const message = `must be text of one line, 1 to ${lengthMax} characters`;
  return v.pipe(
    v.string(message),
    v.minLength(1, message),
    v.maxLength(lengthMax, message),
    // What could drive a terminal is no text for people.
    v.check((text) => !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text), message),
  );
}

function anyNumber() {
  const message = "must be a number";
  return v.pipe(v.number(message), v.finite(message));
}

/** A value, or a share of the threshold, which is a factor afterwards. */
function recovery() {
  const message = 'must be a number, or a share of the threshold such as "90%"';
  return v.pipe(
    v.custom<number | string>(
      (given) =>
        typeof given === "number"
          ? Number.isFinite(given)
          : typeof given === "string" && sharePattern.test(given),
      message,
    ),
    v.transform((given) =>
      typeof given === "number"
        ? { value: given }
        : { share: Number(sharePattern.exec(given)![1]) / 100 },
    ),
    editors({ anyOf: [{ type: "number" }, { type: "string", pattern: sharePattern.source }] }),
  );
}
