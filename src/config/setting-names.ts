// Every setting under the names it goes by: in a file, in the environment, in the program.
import { type ChoiceSetting, type Setting, choice, profiles } from "./schema/setting.ts";
import { type SectionName, sections } from "./settings.ts";

export interface NamedSetting {
  readonly setting: Setting;
  /** The section it is in; null for what stands above all sections. */
  readonly section: SectionName | null;
  /** Its name in the program: `leaseMs`. */
  readonly name: string;
  /** How it is written in a file: `["bus", "lease"]`. */
  readonly path: readonly string[];
  /** The same for people: `bus.lease`. */
  readonly key: string;
  /** The variable of the environment that sets it: `SKEP_BUS_LEASE`. */
  readonly variable: string;
}

/** What chooses among the others: those of a profile go before the usual ones. */
export const profile: ChoiceSetting = choice({
  purpose: "Which ready-made choices stand in for the usual ones: for 10, 100 or 500 agents.",
  usual: "none",
  options: ["none", ...profiles],
  restart: "swarm",
});

/** Every setting, in the order of its section. */
export const allSettings: readonly NamedSetting[] = [
  named(null, "profile", profile),
  ...Object.entries(sections).flatMap(([section, settings]) =>
    Object.entries(settings).map(([name, setting]) => named(section as SectionName, name, setting)),
  ),
];

/** The setting that has this key, this variable, or this name by which the original system knew it. */
export function findSetting(word: string): NamedSetting | undefined {
  return allSettings.find(({ key, variable, setting }) =>
    [key, variable, setting.original?.name].includes(word),
  );
}

function named(section: SectionName | null, name: string, setting: Setting): NamedSetting {
  const words = name.replace(/Ms$/, "").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const path = section === null ? [words] : [section, words];
  const variable = `SKEP_${path.join("_")}`.toUpperCase();
  return { setting, section, name, path, key: path.join("."), variable };
}
