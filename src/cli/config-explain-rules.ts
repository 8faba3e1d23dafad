// What `skep config explain` says of rules of one's own for alerts.
import { restartWords, rulesKey, rulesPurpose } from "../config/explain.ts";
import { ruleKeys } from "../config/schema/rule-keys.ts";
import { columns } from "./columns.ts";

/** Those that there are, in words. */
export type Rules = readonly { name: string; text: string }[];

/** Every key that such a rule has, and the rules there are. */
export function rulesInFull(rules: Rules): string {
  const keys = Object.entries(ruleKeys).map(([key, { range, usual, purpose }]) => [
    key,
    range,
    usual,
    purpose,
  ]);
  const here = rules.map(({ name, text }) => [name, text]);
  return [
    `${rulesKey}: ${rulesPurpose}`,
    columns([["KEY", "VALUES", "WITHOUT IT", "WHAT FOR"], ...keys], "  "),
    ...(here.length === 0 ? [] : [columns([["HERE", "FIRES WHEN"], ...here], "  ")]),
    `  a change  ${restartWords.swarm}`,
  ].join("\n");
}

/** The same as an object. */
export function rulesAsJson(rules: Rules): object {
  return {
    setting: rulesKey,
    kind: "rules",
    purpose: rulesPurpose,
    keys: Object.entries(ruleKeys).map(([key, { usual, ...about }]) => ({
      key,
      ...about,
      default: usual,
    })),
    here: rules.map(({ name, text }) => ({ name, rule: text })),
    restart: "swarm",
  };
}
