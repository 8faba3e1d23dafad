// The rules that alerts come by: skep's own and those of users, as the settings have them.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { UserRule } from "../config/alert-rules.ts";
import type { Settings } from "../config/settings.ts";
import { isSkepError } from "../core/errors.ts";
import { didYouMean } from "../core/names.ts";
import { readMetric, recordedUnit } from "../core/metric-names.ts";
import { type Rule, rules } from "../metrics/alerts/rules.ts";
import { recordedNames } from "../metrics/series.ts";
import { busFile, vitalsFile } from "../store/files.ts";
import type { Store } from "../store/store.ts";

/** Every rule there is, skep's own first, whether it is switched off or not. */
export function allRules({ alertRules: { users } }: Settings): Rule[] {
  return [...rules, ...users.map(ruleOf)];
}

/** Those that are not switched off. */
export function rulesThatHold(settings: Settings): Rule[] {
  return allRules(settings).filter(({ name }) => !settings.alertRules.off.includes(name));
}

/** What to tell of the rules of users that look at what nobody has recorded so far; `vitals` is only asked where there are any, and may fail; undefined where nothing was ever recorded. */
export async function unrecorded(
  { alertRules: { users, off } }: Settings,
  vitals: (() => Promise<Store>) | undefined,
): Promise<string[]> {
  const watching = users.filter(
    ({ name, metric, points }) =>
      points !== null && !off.includes(name) && recordedUnit(metric) === undefined,
  );
  if (watching.length === 0) return [];
  let recorded: Awaited<ReturnType<typeof recordedNames>> = [];
  try {
    if (vitals !== undefined) recorded = await (await vitals()).read(recordedNames);
  } catch (error) {
    if (!isSkepError(error)) throw error;
    return [];
  }
  return watching.flatMap(({ name, metric, points }) => {
    const units = recorded.filter((one) => one.name === metric).map(({ unit }) => unit);
    const looks = `alerts.rules.${name} looks at ${metric}`;
    if (units.length === 0) {
      const guess = didYouMean(metric, new Set(recorded.map((one) => one.name)));
      const hint = guess === undefined ? "" : `. ${guess}`;
      return [`${looks}, and nothing was recorded under that name so far${hint}`];
    }
    if (points!.unit === null || units.includes(points!.unit)) return [];
    return [`${looks} in ${points!.unit}, and it was recorded in ${units.join(", ")} only`];
  });
}

/** Whether there is a home at `home`, and something may be recorded in it. */
export function hasVitals(home: string): boolean {
  return [busFile, vitalsFile].every(({ name }) => existsSync(join(home, name)));
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
