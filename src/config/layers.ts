// The places in which somebody can choose settings, each read into the same form: what it chooses, where that is
// written, and what is wrong with it.
import * as v from "valibot";
import { type Mistake, isSkepError } from "../core/errors.ts";
import { didYouMean } from "../core/names.ts";
import { writeDuration } from "../core/durations.ts";
import { clip } from "../core/text.ts";
import { type AlertRules, alertRulesOf } from "./alert-rules.ts";
import { type Finding, type Place, findingsOf, mistakeAt } from "./faults.ts";
import { forgone, rangeThere } from "./originals.ts";
import { type Source, parserOf } from "./parse.ts";
import { plainVariables } from "./plain-variables.ts";
import { alertRules } from "./schema/alert-rules.ts";
import { isTable } from "./schema/values.ts";
import { kindOf, settingsFile } from "./schema/settings.ts";
import type { Original, Setting, SettingValue } from "./schema/setting.ts";
import { allSettings, findSetting } from "./setting-names.ts";
import { sections } from "./settings.ts";

/** Where a value was chosen. */
export type Origin = "flag" | "environment" | "file" | "profile" | "default";

export interface Chosen {
  /** As the program reads it. */
  value: SettingValue;
  origin: Origin;
  /** Where it is written; undefined where nobody wrote it. */
  place: Place | undefined;
}

export interface Layer {
  /** What is chosen, by the key of the setting. */
  chosen: ReadonlyMap<string, Chosen>;
  /** The rules for alerts, which only a file can have, and where they are written. */
  rules?: { all: AlertRules; placeOf(path: readonly string[]): Place } | undefined;
  mistakes: readonly Mistake[];
  /** What has no effect, as sentences. */
  warnings: readonly string[];
}

/** What a file chooses. */
export async function fileLayer(source: Source): Promise<Layer> {
  const chosen = new Map<string, Chosen>();
  const parse = parserOf(source.file)!;
  let parsed;
  try {
    parsed = await parse(source);
  } catch (error) {
    if (!isSkepError(error, "E_CONFIG") || error.mistakes === undefined) throw error;
    return { chosen, mistakes: error.mistakes, warnings: [] };
  }
  const { lineOf } = parsed;
  // A YAML file with nothing in it.
  const tree = parsed.value ?? {};
  const placeOf = (path: readonly string[]) => ({
    file: source.file,
    line: lineOf(path),
    key: path.join("."),
  });
  for (const { setting, key, path } of allSettings) {
    const { value } = checkValue(setting, valueAt(tree, path));
    if (value === undefined) continue;
    // Where it is written is of interest when something is wrong, and looking for it takes its time.
    const chosenHere = {
      value,
      origin: "file",
      get place() {
        return placeOf(path);
      },
    } as const;
    chosen.set(key, chosenHere);
  }
  const all = rulesIn(tree);
  const rules = all && { all, placeOf };
  const count = chosen.size + (all === undefined ? 0 : 1);
  if (count === countValues(tree)) return { chosen, rules, mistakes: [], warnings: [] };
  const findings = findingsOf(v.safeParse(settingsFile(), tree).issues ?? []);
  const mistakes = findings.map((finding) => mistakeAt(placeOf(finding.path), finding));
  return { chosen, rules, mistakes, warnings: [] };
}

/** The rules for alerts that a file has; undefined when there are none, or something is wrong with one. */
function rulesIn(tree: unknown): AlertRules | undefined {
  const given = valueAt(tree, ["alerts", "rules"]);
  // Mostly there are none.
  if (given === undefined) return undefined;
  const checked = v.safeParse(alertRules(), given);
  return checked.success ? alertRulesOf(checked.output) : undefined;
}

/** How many values a file has, in sections that there are and beside them. */
function countValues(tree: unknown): number {
  if (!isTable(tree)) return 1;
  return Object.entries(tree).reduce((sum, [key, value]) => {
    const isSection = Object.hasOwn(sections, key) && isTable(value);
    return sum + (isSection ? Object.keys(value).length : 1);
  }, 0);
}

/** What variables of the environment choose, those of the original system where skep's own do not; `places` says where those are written that are from a file. */
export function variableLayer(
  variables: Readonly<Record<string, string>>,
  places: Readonly<Record<string, Place>> = {},
): Layer {
  const chosen = new Map<string, Chosen>();
  const mistakes: Mistake[] = [];
  const idle: string[] = [];
  // CFN_ is before SKEP_, so that what stands later goes before it.
  for (const [variable, text] of Object.entries(variables).toSorted()) {
    const named = findSetting(variable);
    const place = places[variable] ?? { file: null, line: null, key: variable };
    if (named === undefined) {
      if (variable.startsWith("CFN_")) idle.push(variable);
      else mistakes.push(mistakeAt(place, unknownVariable(variable)));
      continue;
    }
    const { setting } = named;
    const { value, wrong } =
      variable === named.variable
        ? checkValue(setting, valueOf(setting, text))
        : checkOriginal(setting, setting.original!, text);
    if (wrong !== undefined) mistakes.push(mistakeAt(place, wrong));
    else chosen.set(named.key, { value: value!, origin: "environment", place });
  }
  return { chosen, mistakes, warnings: idle.length === 0 ? [] : [idleSentence(idle, places)] };
}

/** What `--set KEY=VALUE` chooses, as often as it is given. */
export function flagLayer(flags: readonly string[]): Layer {
  const chosen = new Map<string, Chosen>();
  const mistakes: Mistake[] = [];
  for (const flag of flags) {
    const [key, text] = splitOnce(flag);
    const named = allSettings.find((one) => one.key === key);
    const place = { file: null, line: null, key: `--set ${key}` };
    if (named === undefined || text === undefined) {
      mistakes.push(mistakeAt(place, named === undefined ? unknownKey(key) : withoutValue));
      continue;
    }
    const { value, wrong } = checkValue(named.setting, valueOf(named.setting, text));
    if (wrong !== undefined) mistakes.push(mistakeAt(place, wrong));
    else chosen.set(key, { value: value!, origin: "flag", place });
  }
  return { chosen, mistakes, warnings: [] };
}

type Wrong = Omit<Finding, "path">;

/** `value` as the program reads it, or what is wrong with it; neither when there is none. */
function checkValue(setting: Setting, value: unknown): { value?: SettingValue; wrong?: Wrong } {
  if (value === undefined) return {};
  const checked = v.safeParse(kindOf(setting), value);
  return checked.success ? { value: checked.output } : { wrong: findingsOf(checked.issues)[0]! };
}

/** A number of the original's units in ours. */
function checkOriginal(
  setting: Setting,
  { factor, unit }: Original,
  text: string,
): ReturnType<typeof checkValue> {
  const { least, most } = rangeThere(setting);
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return { value: value * factor };
  const hint =
    setting.kind === "duration" ? `In skep.toml that is ${writeDuration(factor)} each.` : undefined;
  const what = `must be a whole number of ${unit} from ${least} to ${most}`;
  return { wrong: { what: `${what}, not ${clip(JSON.stringify(text), 60)}`, hint } };
}

// Variables and flags are always text; for a number whatever looks like one is meant as one, and a list is written as
// JSON has it.
function valueOf({ kind }: Setting, text: string): unknown {
  if (kind === "whole") return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (kind === "flag") return text === "true" || (text === "false" ? false : text);
  return kind === "words" ? listOf(text) : text;
}

function listOf(text: string): unknown {
  if (text === "") return [];
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function valueAt(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (table, key) =>
      typeof table === "object" && table !== null && Object.hasOwn(table, key)
        ? (table as Record<string, unknown>)[key]
        : undefined,
    tree,
  );
}

function unknownVariable(variable: string): Wrong {
  const known = [...allSettings.map((named) => named.variable), ...Object.keys(plainVariables)];
  return {
    what: "is not known to skep",
    hint:
      didYouMean(variable, known) ??
      "Settings are SKEP_<SECTION>_<KEY>, such as SKEP_BUS_LEASE; unset this one.",
  };
}

function unknownKey(key: string): Wrong {
  const known = allSettings.map((named) => named.key);
  return {
    what: "is no setting",
    hint: didYouMean(key, known) ?? "skep config explain lists them: --set bus.lease=30s.",
  };
}

const withoutValue: Wrong = { what: "has no value", hint: "Write --set bus.lease=30s." };

function idleSentence(
  variables: readonly string[],
  places: Readonly<Record<string, Place>>,
): string {
  const [first, ...others] = variables;
  if (others.length === 0) {
    const why = forgone.find(({ name }) => name === first)?.why;
    const known = allSettings.flatMap(({ setting }) => setting.original?.name ?? []);
    const reason = why ?? didYouMean(first!, known) ?? "skep does not know it";
    const { file, line } = places[first!] ?? { file: null, line: null };
    return `${file === null ? "" : `${file}:${line}: `}${first} has no effect: ${reason}`;
  }
  return `${first} and ${others.length} more CFN_ variables have no effect; skep config explain says why of each`;
}

function splitOnce(flag: string): [key: string, text: string | undefined] {
  const at = flag.indexOf("=");
  return at < 0 ? [flag, undefined] : [flag.slice(0, at), flag.slice(at + 1)];
}
