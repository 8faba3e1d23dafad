// Standing: the alerts that fire, as they were told. They are written anew into a vitals.db that lacks them, and told late
// when a silence is over before they are. Pure.
import { keyOf } from "./decide.ts";
import { type Alert, type Silence, type Told, isSilenced } from "./record.ts";
import type { Rule } from "./rules.ts";

/** By rule and subject, in the order in which they fired. */
export type Standing = ReadonlyMap<string, Told>;

/** What fires of `alerts`, as far as `rules` has their rules. */
export function standingOf(alerts: readonly Alert[], rules: readonly Rule[]): Standing {
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  const firing = alerts.filter(({ state }) => state === "firing").toReversed();
  return new Map(
    firing.flatMap(({ rule: name, subject, unit, value, threshold, firedAt: at, silenced }) => {
      const rule = byName.get(name);
      if (rule === undefined) return [];
      // The unit of a user's metric is known when there is a point, and there may be none yet.
      const told: Told = {
        rule: { ...rule, unit },
        subject,
        state: "firing",
        value,
        threshold,
        at,
        silenced,
      };
      return [[keyOf(name, subject), told]];
    }),
  );
}

/** That it is over what fires of `alerts` by none of `rules`: somebody took its rule away, or switched it off. Nobody hears of the end of what nobody was told of. */
export function forgoneOf(alerts: readonly Alert[], rules: readonly Rule[]): Told[] {
  const names = new Set(rules.map(({ name }) => name));
  return alerts
    .filter(({ state, rule }) => state === "firing" && !names.has(rule))
    .map(({ rule: name, subject, severity, unit, about, threshold, firedAt: at, silenced }) => ({
      rule: { name, severity: severity as Rule["severity"], unit, about },
      subject,
      state: "resolved",
      value: null,
      threshold,
      at,
      silenced,
    }));
}

/** What fires once `told` has happened. */
export function standingAfter(before: Standing, told: readonly Told[]): Standing {
  const after = new Map(before);
  for (const one of told) {
    const key = keyOf(one.rule.name, one.subject);
    if (one.state === "firing") after.set(key, one);
    else after.delete(key);
  }
  return after;
}

/** Whether `one` is the end of what nobody was told of; then nobody need hear of that either. */
export function isUntold(
  standing: Standing,
  { rule, subject, state }: Pick<Told, "rule" | "subject" | "state">,
): boolean {
  return state === "resolved" && standing.get(keyOf(rule.name, subject))?.silenced === true;
}

/** What nobody was told of because of a silence, and none of `silences` is about any more. */
export function noLongerSilenced(standing: Standing, silences: readonly Silence[]): Told[] {
  return [...standing.values()]
    .filter((one) => one.silenced && !isSilenced(silences, one))
    .map((one) => ({ ...one, silenced: false }));
}
