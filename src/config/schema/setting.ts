// What is declared of each setting, once; parsing, names, explanations, documents and schemas all follow from it.
// Plain data: every command loads this, and only those for which somebody chose something load what checks it.

/** Ready-made choices for swarms of some 10, 100 and 500 agents. */
export const profiles = ["dev", "staging", "prod"] as const;
export type Profile = (typeof profiles)[number];

/**
 * Who has to begin anew before a change holds, besides commands, which read the settings each time: nobody else, the
 * agents (`skep restart`), or the whole swarm (`skep down`, `skep up`).
 */
export type Restart = "nobody" | "agents" | "swarm";

/** The name that the original system had for it, and the unit it had there. */
export interface Original {
  readonly name: `CFN_${string}`;
  /** What one of its units is in ours: 1000 for seconds where we have milliseconds. */
  readonly factor: number;
  /** Its unit in words. */
  readonly unit: string;
  /** What it was where nobody set it, and the values that it could have: for whoever comes from there. */
  readonly usual: string;
  readonly range: string;
}

interface About<Value> {
  /** One sentence: what it is for. */
  readonly purpose: string;
  /** The value where nobody chose another. */
  readonly usual: Value;
  readonly restart: Restart;
  /** What the profiles have instead. */
  readonly profiles?: Partial<Record<Profile, Value>>;
  readonly original?: Original;
}

/** A whole number of something. */
export interface WholeSetting extends About<number> {
  readonly kind: "whole";
  readonly unit: string;
  readonly least: number;
  readonly most: number;
}

/** A length of time: text such as "30s" for people, milliseconds in the program, whose name for it ends in Ms. */
export interface DurationSetting extends About<number> {
  readonly kind: "duration";
  readonly least: number;
  readonly most: number;
}

/** One of a few words. */
export interface ChoiceSetting<Word extends string = string> extends About<Word> {
  readonly kind: "choice";
  readonly options: readonly Word[];
}

/** Something that is so or not. */
export interface FlagSetting extends About<boolean> {
  readonly kind: "flag";
}

/** A list of words: a program with its arguments, names of hosts, or headers, whose values may be secrets and are not shown. */
export interface WordsSetting extends About<readonly string[]> {
  readonly kind: "words";
  readonly form: "program" | "hosts" | "headers";
}

/** The address of a web server, or none. What stands in it behind the host may be a secret, and is not shown. */
export interface AddressSetting extends About<string> {
  readonly kind: "address";
}

export type Setting =
  WholeSetting | DurationSetting | ChoiceSetting | FlagSetting | WordsSetting | AddressSetting;

/** What a setting can be. */
export type SettingValue = number | string | boolean | readonly string[];

/** The settings of a section by their names in the program. */
export type Section = Readonly<Record<string, Setting>>;

/** The values of the settings of a section. */
export type ValuesOf<Declared extends Section> = {
  readonly [Name in keyof Declared]: Declared[Name] extends ChoiceSetting<infer Word>
    ? Word
    : Declared[Name] extends FlagSetting | WordsSetting | AddressSetting
      ? Declared[Name]["usual"]
      : number;
};

/** Whether what is in it is not for everybody to see. */
export function isSecret(setting: Setting): boolean {
  return setting.kind === "address" || (setting.kind === "words" && setting.form === "headers");
}

/** Whether its values are numbers. */
export function isNumeric(setting: Setting): setting is WholeSetting | DurationSetting {
  return setting.kind === "whole" || setting.kind === "duration";
}

export function whole(about: Omit<WholeSetting, "kind">): WholeSetting {
  return { kind: "whole", ...about };
}

// So long that every timer can hold it.
const weekMs = 7 * 24 * 3_600_000;

/** A week is the most unless it says otherwise. */
export function duration(
  about: Omit<DurationSetting, "kind" | "most"> & { most?: number },
): DurationSetting {
  return { kind: "duration", most: weekMs, ...about };
}

export function choice<const Word extends string>(
  about: Omit<ChoiceSetting<Word>, "kind">,
): ChoiceSetting<Word> {
  return { kind: "choice", ...about };
}

export function flag(about: Omit<FlagSetting, "kind">): FlagSetting {
  return { kind: "flag", ...about };
}

export function words(about: Omit<WordsSetting, "kind">): WordsSetting {
  return { kind: "words", ...about };
}

export function address(about: Omit<AddressSetting, "kind">): AddressSetting {
  return { kind: "address", ...about };
}
