// `skep config explain`: what a setting is for, what it can be, and what it is here.
import { writtenRules } from "../config/alert-rules.ts";
import { setVariable } from "../config/environment.ts";
import {
  type Alias,
  type Topic,
  aliasOf,
  allTopics,
  findTopics,
  profilesOf,
  rangeOf,
  restartWords,
  rulesKey,
  rulesPurpose,
  sourceOf,
  unitOf,
} from "../config/explain.ts";
import type { Chosen } from "../config/layers.ts";
import { homeThere } from "../config/originals.ts";
import type { NamedSetting } from "../config/setting-names.ts";
import { showValue } from "../config/setting-rules.ts";
import { columns } from "./columns.ts";
import { type Rules, rulesAsJson, rulesInFull } from "./config-explain-rules.ts";
import { resolveHere } from "./config-show.ts";
import type { Context } from "./context.ts";

type Held = ReadonlyMap<string, Chosen>;

/** Explains what `word` names, or everything in short. E_NOT_FOUND for a name that is none. */
export async function explain(context: Context, word: string | undefined): Promise<void> {
  const topics = word === undefined ? allTopics() : findTopics(word);
  const { chosen, settings, mistakes } = await resolveHere(context);
  const rules = writtenRules(settings.alertRules);
  if (mistakes.length > 0)
    context.say("skep: what is set here has mistakes, so values may be others; skep config check");
  if (context.json) {
    for (const topic of topics) await context.data(JSON.stringify(asJson(topic, chosen, rules)));
    return;
  }
  if (word === undefined) return context.data(overview(topics, chosen, rules));
  await context.data(topics.map((topic) => inFull(topic, chosen, rules)).join("\n\n"));
}

function overview(topics: readonly Topic[], held: Held, rules: Rules): string {
  const settings = topics.flatMap((topic) => (topic.kind === "setting" ? [topic.named] : []));
  const rows = settings.map((named) => [
    named.key,
    valueHere(named, held),
    rangeOf(named.setting),
    named.setting.purpose,
  ]);
  rows.push([`${rulesKey}.NAME`, `${rules.length} here`, "a table", rulesPurpose]);
  const others = topics.flatMap((topic) =>
    topic.kind === "setting" || topic.kind === "rules" ? [] : [[nameOf(topic), purposeOf(topic)]],
  );
  const originals = topics.flatMap((topic) => {
    const alias = aliasOf(topic);
    if (alias === undefined) return [];
    if (topic.kind === "variable") return [[alias.name, `the same as ${nameOf(topic)}`]];
    if (topic.kind !== "setting") return [];
    return [[alias.name, `sets ${topic.named.key}, in ${alias.unit}: ${alias.range}`]];
  });
  return [
    columns([["SETTING", "VALUE", "RANGE", "WHAT FOR"], ...rows]),
    columns([["VARIABLE", "WHAT FOR"], ...others, ...originals]),
    "skep config explain NAME has all about one of them.",
  ].join("\n\n");
}

function inFull(topic: Topic, held: Held, rules: Rules): string {
  if (topic.kind === "rules") return rulesInFull(rules);
  if (topic.kind === "forgone") {
    const { name, usual, unit, range, why } = topic.forgone;
    const was = `in the original: ${usual} by default (${unit}; ${range})`;
    return `${name}\n  has no effect: ${why}\n  ${was}`;
  }
  const original = ["original", aliasText(aliasOf(topic))];
  if (topic.kind === "variable") {
    const { name, about } = topic;
    const here = setVariable(namesOf(topic));
    const rows = [
      ["value", here === undefined ? "not set" : `${here.value}, from: ${here.name}`],
      ["default", about.usual],
      ["range", about.range],
      ["unit", about.unit],
      original,
    ];
    return inRows(`${name}: ${about.purpose}`, rows);
  }
  const { named } = topic;
  const { setting, variable, key } = named;
  const here = held.get(key)!;
  return inRows(`${key}: ${setting.purpose}`, [
    ["value", `${showValue(named, here.value)}, from: ${sourceOf(here)}`],
    ["default", showValue(named, setting.usual)],
    ["profiles", profilesOf(named)],
    ["range", rangeOf(setting)],
    ["unit", unitOf(setting)],
    ["variable", variable],
    original,
    ["a change", restartWords[setting.restart]],
  ]);
}

function inRows(heading: string, rows: string[][]): string {
  const told = rows.filter(([, text]) => text !== "");
  return `${heading}\n${columns(told, "  ")}`;
}

function aliasText(alias: Alias | undefined): string {
  if (alias === undefined) return "";
  const { name, unit, range, usual, there } = alias;
  if (unit === homeThere.unit)
    return `${name}, the same (there: ${there.range}; default ${there.usual})`;
  return `${name}, in ${unit}: ${range}; default ${usual} (there: ${there.range}; default ${there.usual})`;
}

/** The names of a variable, that which goes before the other first. */
function namesOf(topic: Topic & { kind: "variable" }): string[] {
  const alias = aliasOf(topic);
  return alias === undefined ? [topic.name] : [topic.name, alias.name];
}

function asJson(topic: Topic, held: Held, rules: Rules): object {
  if (topic.kind === "rules") return rulesAsJson(rules);
  if (topic.kind === "variable") {
    const { name: variable, about } = topic;
    const here = setVariable(namesOf(topic));
    return {
      variable,
      kind: "variable",
      purpose: about.purpose,
      unit: about.unit,
      default: about.usual,
      range: about.range,
      value: here?.value ?? null,
      source: here === undefined ? "default" : "environment",
      from: here?.name ?? null,
      original: aliasJson(aliasOf(topic)),
    };
  }
  if (topic.kind === "forgone") {
    const { name, usual, unit, range, why } = topic.forgone;
    return { variable: name, kind: "without effect", default: usual, unit, range, why };
  }
  const { setting, key, variable } = topic.named;
  const here = held.get(key)!;
  return {
    setting: key,
    kind: setting.kind,
    purpose: setting.purpose,
    unit: unitOf(setting),
    default: showValue(topic.named, setting.usual),
    range: rangeOf(setting),
    profiles: setting.profiles ?? null,
    value: showValue(topic.named, here.value),
    source: here.origin,
    from: here.place === undefined ? null : sourceOf(here),
    variable,
    original: aliasJson(aliasOf(topic)),
    restart: setting.restart,
  };
}

function aliasJson(alias: Alias | undefined): object | null {
  if (alias === undefined) return null;
  const { name, unit, range, usual, there } = alias;
  return {
    name,
    unit,
    range,
    default: usual,
    there: { range: there.range, default: there.usual },
  };
}

function valueHere(named: NamedSetting, held: Held): string {
  const here = held.get(named.key)!;
  const value = showValue(named, here.value);
  return here.origin === "default" ? value : `${value} (${here.origin})`;
}

function nameOf(topic: Exclude<Topic, { kind: "setting" | "rules" }>): string {
  return topic.kind === "variable" ? topic.name : topic.forgone.name;
}

function purposeOf(topic: Exclude<Topic, { kind: "setting" | "rules" }>): string {
  return topic.kind === "variable" ? topic.about.purpose : `no effect: ${topic.forgone.why}`;
}
