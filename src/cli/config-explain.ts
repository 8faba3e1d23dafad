// `skep config explain`: what a setting is for, what it can be, and what it is here.
import {
  type Topic,
  allTopics,
  findTopics,
  originalOf,
  profilesOf,
  rangeOf,
  restartWords,
  sourceOf,
  unitOf,
} from "../config/explain.ts";
import type { Chosen } from "../config/layers.ts";
import type { NamedSetting } from "../config/setting-names.ts";
import { writeValue } from "../config/setting-rules.ts";
import { columns } from "./columns.ts";
import { resolveHere } from "./config-show.ts";
import type { Context } from "./context.ts";

type Held = ReadonlyMap<string, Chosen>;

/** Explains what `word` names, or everything in short. E_NOT_FOUND for a name that is none. */
export async function explain(context: Context, word: string | undefined): Promise<void> {
  const topics = word === undefined ? allTopics() : findTopics(word);
  const { chosen, mistakes } = await resolveHere(context);
  if (mistakes.length > 0)
    context.say("skep: what is set here has mistakes, so values may be others; skep config check");
  if (context.json) {
    for (const topic of topics) await context.data(JSON.stringify(asJson(topic, chosen)));
    return;
  }
  if (word === undefined) return context.data(overview(topics, chosen));
  await context.data(topics.map((topic) => inFull(topic, chosen)).join("\n\n"));
}

function overview(topics: readonly Topic[], held: Held): string {
  const settings = topics.flatMap((topic) => (topic.kind === "setting" ? [topic.named] : []));
  const rows = settings.map((named) => [
    named.key,
    valueHere(named, held),
    rangeOf(named.setting),
    named.setting.purpose,
  ]);
  const others = topics.flatMap((topic) =>
    topic.kind === "setting" ? [] : [[nameOf(topic), purposeOf(topic)]],
  );
  const originals = settings.flatMap(({ key, setting }) =>
    setting.original === undefined ? [] : [[setting.original.name, `sets ${key}`]],
  );
  return [
    columns([["SETTING", "VALUE", "RANGE", "WHAT FOR"], ...rows]),
    columns([
      ["VARIABLE", "WHAT FOR"],
      ...others,
      ["CFN_BASE_DIR", "the same as SKEP_HOME"],
      ...originals,
    ]),
    "skep config explain NAME has all about one of them.",
  ].join("\n\n");
}

function inFull(topic: Topic, held: Held): string {
  if (topic.kind === "variable") return `${topic.name}\n  ${topic.purpose}`;
  if (topic.kind === "forgone") {
    const { name, usual, unit, range, why } = topic.forgone;
    const was = `in the original: ${usual} by default (${unit}; ${range})`;
    return `${name}\n  has no effect: ${why}\n  ${was}`;
  }
  const { named } = topic;
  const { setting, variable, key } = named;
  const here = held.get(key)!;
  const rows = [
    ["value", `${writeValue(named, here.value)}, from: ${sourceOf(here)}`],
    ["default", writeValue(named, setting.usual)],
    ["profiles", profilesOf(named)],
    ["range", rangeOf(setting)],
    ["unit", unitOf(setting)],
    ["variable", variable],
    ["original", originalOf(setting)],
    ["a change", restartWords[setting.restart]],
  ].filter(([, text]) => text !== "");
  return `${key}: ${setting.purpose}\n${columns(rows, "  ")}`;
}

function asJson(topic: Topic, held: Held): object {
  if (topic.kind === "variable")
    return { variable: topic.name, kind: "variable", purpose: topic.purpose };
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
    default: writeValue(topic.named, setting.usual),
    range: rangeOf(setting),
    profiles: setting.profiles ?? null,
    value: writeValue(topic.named, here.value),
    source: here.origin,
    from: here.place === undefined ? null : sourceOf(here),
    variable,
    original: setting.original ?? null,
    restart: setting.restart,
  };
}

function valueHere(named: NamedSetting, held: Held): string {
  const here = held.get(named.key)!;
  const value = writeValue(named, here.value);
  return here.origin === "default" ? value : `${value} (${here.origin})`;
}

function nameOf(topic: Exclude<Topic, { kind: "setting" }>): string {
  return topic.kind === "variable" ? topic.name : topic.forgone.name;
}

function purposeOf(topic: Exclude<Topic, { kind: "setting" }>): string {
  return topic.kind === "variable" ? topic.purpose : `no effect: ${topic.forgone.why}`;
}
