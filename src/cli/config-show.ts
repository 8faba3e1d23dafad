// `skep config show`: the value that holds of each setting, and where it is from.
import { writtenRules } from "../config/alert-rules.ts";
import { sourceOf } from "../config/explain.ts";
import { readSettingsFile } from "../config/load.ts";
import { type Place, faultOf } from "../config/faults.ts";
import type { Chosen } from "../config/layers.ts";
import { type Resolution, resolveSettings } from "../config/resolve.ts";
import { type NamedSetting, allSettings } from "../config/setting-names.ts";
import type { SettingValue } from "../config/schema/setting.ts";
import { showValue } from "../config/setting-rules.ts";
import { columns } from "./columns.ts";
import type { Context } from "./context.ts";

/** Prints every setting with its value and where that is from. E_CONFIG when something does not fit. */
export async function show(context: Context): Promise<void> {
  const home = await context.home();
  const { chosen, settings, placeOfRule, mistakes, warnings } = await resolveHere(context);
  if (mistakes.length > 0) throw faultOf(mistakes, "the settings have");
  for (const warning of warnings) context.say(`skep: ${warning}`);
  const rules = writtenRules(settings.alertRules).map(({ name, text }) => ({
    key: `alerts.rules.${name}`,
    text,
    place: placeOfRule(name)!,
  }));
  const rows = allSettings.map((named) => ({ named, held: chosen.get(named.key)! }));
  if (context.json) {
    for (const { named, held } of rows) await context.data(jsonLine(named, held));
    for (const { key: setting, text: value, place } of rules)
      await context.data(
        JSON.stringify({ setting, value, source: "file", name: null, ...at(place) }),
      );
    return;
  }
  context.say(`the home is ${home}`);
  const lines = rows.map(({ named, held }) => [
    named.key,
    showValue(named, held.value),
    sourceOf(held),
  ]);
  const ruleLines = rules.map(({ key, text, place }) => [key, text, `${place.file}:${place.line}`]);
  await context.data(columns([["SETTING", "VALUE", "FROM"], ...lines, ...ruleLines]));
}

/** What is chosen in the home of `context`, and all that is wrong with it. */
export async function resolveHere(context: Context): Promise<Resolution> {
  return resolveSettings(readSettingsFile(await context.home()), context.choices);
}

function jsonLine(named: NamedSetting, { value, origin, place }: Chosen): string {
  return JSON.stringify({
    setting: named.key,
    value: writtenOf(named, value),
    source: origin,
    name: origin === "file" ? null : (place?.key ?? null),
    ...at(place),
  });
}

function at(place: Place | undefined) {
  return { file: place?.file ?? null, line: place?.line ?? null };
}

/** As a file has it: numbers as numbers, durations as text. */
function writtenOf(named: NamedSetting, value: SettingValue): SettingValue {
  const { kind } = named.setting;
  if (kind === "words") return JSON.parse(showValue(named, value));
  return kind === "whole" || kind === "flag" ? value : showValue(named, value);
}
