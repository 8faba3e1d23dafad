// Settings in words: what each is for, what it can be, what it is, and who says so.
import { SkepError } from "../core/errors.ts";
import { writeDuration } from "../core/durations.ts";
import { didYouMean } from "../core/names.ts";
import type { Chosen } from "./layers.ts";
import { type Forgone, forgone, homeThere, originalHome, rangeThere } from "./originals.ts";
import { type PlainVariable, plainVariables } from "./plain-variables.ts";
import { type Restart, type Setting, isNumeric } from "./schema/setting.ts";
import { type NamedSetting, allSettings, findSetting } from "./setting-names.ts";
import { writeValue } from "./setting-rules.ts";

/** What somebody can ask about: a setting, rules of one's own for alerts, a variable that is none, or a variable of the original system without effect. */
export type Topic =
  | { kind: "setting"; named: NamedSetting }
  | { kind: "rules" }
  | { kind: "variable"; name: string; about: PlainVariable }
  | { kind: "forgone"; forgone: Forgone };

/** Under which key rules of one's own stand, and what they are for. */
export const rulesKey = "alerts.rules";
export const rulesPurpose = "Rules of your own for alerts, each in a table [alerts.rules.NAME].";

/** Everything that can be explained. */
export function allTopics(): Topic[] {
  return [
    ...allSettings.map((named): Topic => ({ kind: "setting", named })),
    { kind: "rules" },
    ...Object.entries(plainVariables).map(variableTopic),
    ...forgone.map((one): Topic => ({ kind: "forgone", forgone: one })),
  ];
}

/** What `word` names: one setting, all of a section, or a variable. E_NOT_FOUND, with a guess, when it is none of these. */
export function findTopics(word: string): Topic[] {
  const named = findSetting(word);
  if (named !== undefined) return [{ kind: "setting", named }];
  const variable = word === originalHome || word === "home" ? "SKEP_HOME" : word;
  const found = allTopics().filter(
    (topic) =>
      (topic.kind === "setting" && [topic.named.section, topic.named.path.at(-1)].includes(word)) ||
      (topic.kind === "rules" && /^(alerts|rules|alerts\.rules(\..*)?)$/.test(word)) ||
      (topic.kind === "variable" && topic.name === variable) ||
      (topic.kind === "forgone" && topic.forgone.name === word),
  );
  if (found.length > 0) return found;
  throw new SkepError("E_NOT_FOUND", `there is no setting ${JSON.stringify(word)}`, {
    hint: didYouMean(word, allNames()) ?? "skep config explain lists them all.",
  });
}

/** The values that a setting can have. */
export function rangeOf(setting: Setting): string {
  if (setting.kind === "choice") return setting.options.join(", ");
  if (setting.kind === "flag") return "true, false";
  if (setting.kind === "words") return rangeOfWords[setting.form];
  if (setting.kind === "address") return "an http or https address, or none";
  const [least, most] = [setting.least, setting.most].map((bound) =>
    setting.kind === "duration" ? writeDuration(bound) : `${bound}`,
  );
  return `${least} to ${most}`;
}

const rangeOfWords = {
  program: "a list: a program, then its arguments",
  hosts: "a list of host names",
  headers: "a list of headers: name: value",
} as const;

/** In what it is measured. */
export function unitOf(setting: Setting): string {
  if (setting.kind === "whole") return setting.unit;
  if (setting.kind === "duration") return "a duration: 500ms, 5s, 2m, 1h, 7d";
  if (setting.kind === "words") return 'a list; in a variable as JSON: ["a", "b"]';
  return setting.kind === "address" ? "an address" : "one of these words";
}

/** The values of the profiles, where they have one of their own: `dev 10, prod 500`. */
export function profilesOf(named: NamedSetting): string {
  return Object.entries(named.setting.profiles ?? {})
    .map(([name, value]) => `${name} ${writeValue(named, value)}`)
    .join(", ");
}

/** The name and the unit of the original system; empty where it had none. */
export function originalOf({ original }: Setting): string {
  return original === undefined ? "" : `${original.name} (${original.unit})`;
}

/** What of the original system sets something here. */
export interface Alias {
  name: string;
  unit: string;
  /** What it can be here, and what holds without it, in that unit. */
  range: string;
  usual: string;
  /** The same as it was there. */
  there: { range: string; usual: string };
}

/** The variable of the original system for a setting, or for SKEP_HOME; undefined where it had none. */
export function aliasOf(topic: Topic): Alias | undefined {
  if (topic.kind === "variable" && topic.name === "SKEP_HOME") {
    const { range, usual } = topic.about;
    return { name: originalHome, unit: homeThere.unit, range, usual, there: homeThere };
  }
  if (topic.kind !== "setting") return undefined;
  const { setting } = topic.named;
  if (!isNumeric(setting) || setting.original === undefined) return undefined;
  const { name, unit, factor, ...there } = setting.original;
  const { least, most } = rangeThere(setting);
  const usual = `${setting.usual / factor}`;
  return { name, unit, range: `${least} to ${most}`, usual, there };
}

/** Where a value is from, in words. */
export function sourceOf({ origin, place }: Chosen): string {
  if (place === undefined) return origin;
  const { file, line, key } = place;
  if (origin === "profile") return `profile ${key}`;
  if (file === null) return key;
  // A file of variables is not the one in which people look for settings.
  return origin === "environment" ? `${key} (${file}:${line})` : `${file}:${line}`;
}

/** What has to begin anew before a change of it holds. */
export const restartWords: Record<Restart, string> = {
  nobody: "the next command has it",
  agents: "commands have it at once, agents after skep restart",
  swarm: "commands have it at once, a swarm after skep down and up",
};

function variableTopic([name, about]: [string, PlainVariable]): Topic {
  return { kind: "variable", name, about };
}

function allNames(): string[] {
  return allTopics().flatMap((topic) => {
    if (topic.kind === "variable") return [topic.name];
    if (topic.kind === "forgone") return [topic.forgone.name];
    if (topic.kind === "rules") return [rulesKey];
    const { key, variable, setting, path } = topic.named;
    return [key, variable, path.at(-1)!, ...(setting.original ? [setting.original.name] : [])];
  });
}
