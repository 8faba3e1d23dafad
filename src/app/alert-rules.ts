// The rules that alerts come by: skep's own and those of users, as the settings have them.
import type { UserRule } from "../config/alert-rules.ts";
import type { Settings } from "../config/settings.ts";
import { readMetric, recordedUnit } from "../core/metric-names.ts";
import { type Rule, rules } from "../metrics/alerts/rules.ts";

/** Every rule there is, skep's own first, whether it is switched off or not. */
export function allRules({ alertRules: { users } }: Settings): Rule[] {
  return [...rules, ...users.map(ruleOf)];
}

/** Those that are not switched off. */
export function rulesThatHold(settings: Settings): Rule[] {
  return allRules(settings).filter(({ name }) => !settings.alertRules.off.includes(name));
}

function ruleOf({ name, metric, points, ...rule }: UserRule): Rule {
  const { compare, threshold, recoverAt, subject, cooldownMs, holdMs, severity, about } = rule;
  return {
    name,
    about,
    original: null,
    severity,
    reads: metric,
    // What users emit has the unit that they say, which is known once there is a point.
    unit:
      (points === null ? readMetric(metric)?.unit : (points.unit ?? recordedUnit(metric))) ?? "",
    compare,
    threshold,
    recovery: 1,
    window: null,
    holdMs,
    countMin: null,
    user: { recoverAt, points, subject, cooldownMs },
  };
}
