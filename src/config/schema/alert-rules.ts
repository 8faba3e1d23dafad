// `[alerts.rules.NAME]`: the rules of a user, and whether each of them makes sense.
import * as v from "valibot";
import { type RuleTable, alertRule, formed } from "./alert-rule.ts";
import { rulesMax } from "./rule-keys.ts";
import { senselessIn } from "./rule-sense.ts";
import { anyTable, step } from "./values.ts";

/** All of them by name. */
export function alertRules() {
  const named = v.record(
    formed(
      /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
      "the name of a rule, 1 to 64 characters\nLetters, digits, dash and underscore are allowed; the first is a letter or a digit.",
    ),
    alertRule(),
  );
  return v.pipe(
    anyTable<v.InferInput<typeof named>>(
      "a table of rules\nName them one by one: [alerts.rules.slow-build]",
    ),
    named,
    allSensible(),
  );
}

function allSensible() {
  return v.rawCheck<Record<string, RuleTable>>(({ dataset, addIssue }) => {
    const { issues = [] } = dataset;
    if (issues.some(({ path }) => path === undefined)) return;
    const all = dataset.value as Record<string, RuleTable>;
    const count = Object.keys(all).length;
    if (count > rulesMax)
      return addIssue({ message: `has ${count} rules\n${rulesMax} is the limit.` });
    for (const [name, given] of Object.entries(all)) {
      const ofRule = issues.filter(({ path }) => path?.[0]?.key === name);
      // Its name is none, or it is no table.
      if (ofRule.some(({ path }) => path?.length === 1)) continue;
      const wrong = new Map(ofRule.map(({ path, message }) => [String(path?.[1]?.key), message]));
      for (const { key, message } of senselessIn(name, given, wrong)) {
        const at = step(all, name, given);
        addIssue({ message, path: key === null ? [at] : [at, step(given, key, given[key])] });
      }
    }
  });
}
