// From all places in which somebody chose settings to those that hold: a flag goes before a variable of the environment,
// that before the file of the home, that before the profile, and that before what is usual.
import type { Mistake } from "../core/errors.ts";
import { type AlertRules, unfitRules } from "./alert-rules.ts";
import { type Place, mistakeAt } from "./faults.ts";
import { type Chosen, type Layer, fileLayer, flagLayer, variableLayer } from "./layers.ts";
import type { Source } from "./parse.ts";
import { brokenRules, followed } from "./setting-rules.ts";
import { type NamedSetting, allSettings, profile } from "./setting-names.ts";
import type { Profile } from "./schema/setting.ts";
import { type Settings, defaults, freeze, sections } from "./settings.ts";

/** What was chosen outside the file. */
export interface Choices {
  /** The SKEP_ and CFN_ variables that may be settings. */
  variables: Readonly<Record<string, string>>;
  /** Where those of them are written that are from a file. */
  places?: Readonly<Record<string, Place>>;
  /** The words behind each `--set`. */
  flags: readonly string[];
}

export interface Resolution {
  /** With the usual values where something is wrong. */
  settings: Settings;
  /** The value that holds of each setting, by its key, and where it is from. */
  chosen: ReadonlyMap<string, Chosen>;
  /** Where the rule `name` is written; undefined when it is not. */
  placeOfRule(name: string): Place | undefined;
  mistakes: readonly Mistake[];
  warnings: readonly string[];
}

/** What holds in a home whose file is `source`, and everything that is wrong with what was chosen. */
export async function resolveSettings(
  source: Source | undefined,
  { variables, places, flags }: Choices,
): Promise<Resolution> {
  const layers = [
    flagLayer(flags),
    variableLayer(variables, places),
    ...(source === undefined ? [] : [await fileLayer(source)]),
  ];
  const profileName = chosenIn(layers, "profile")?.value ?? profile.usual;
  const chosen = new Map(
    allSettings.map((named) => [
      named.key,
      chosenIn(layers, named.key) ?? readyMade(named, String(profileName)),
    ]),
  );
  for (const named of allSettings) {
    const { origin } = chosen.get(named.key)!;
    if (origin === "default") chosen.set(named.key, { ...usual, value: followed(named, chosen) });
  }
  const broken = brokenRules(chosen);
  const rules = layers.find((layer) => layer.rules !== undefined)?.rules;
  const settings = settingsOf(chosen, rules?.all);
  const unfit = unfitRules(settings.alertRules, settings.metrics);
  return {
    settings,
    placeOfRule: (name) => rules?.placeOf(["alerts", "rules", name]),
    chosen,
    mistakes: [
      ...layers.flatMap(({ mistakes }) => mistakes),
      ...broken.map(({ place, finding }) => mistakeAt(place, finding)),
      ...unfit.map((finding) => mistakeAt(rules!.placeOf(finding.path), finding)),
    ],
    warnings: layers.flatMap(({ warnings }) => warnings),
  };
}

const usual = { origin: "default", place: undefined } as const;

function chosenIn(layers: readonly Layer[], key: string): Chosen | undefined {
  return layers.find(({ chosen }) => chosen.has(key))?.chosen.get(key);
}

function readyMade({ setting }: NamedSetting, profileName: string): Chosen {
  const value = setting.profiles?.[profileName as Profile];
  if (value === undefined) return { ...usual, value: setting.usual };
  return { value, origin: "profile", place: { file: null, line: null, key: profileName } };
}

function settingsOf(
  chosen: ReadonlyMap<string, Chosen>,
  alertRules: AlertRules = defaults.alertRules,
): Settings {
  const values: Record<string, Record<string, unknown>> = {};
  for (const section of Object.keys(sections)) values[section] = {};
  for (const { section, name, key } of allSettings)
    if (section !== null) values[section]![name] = chosen.get(key)!.value;
  return freeze({ ...(values as unknown as Omit<Settings, "alertRules">), alertRules });
}
