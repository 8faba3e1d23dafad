// The schema of `skep.toml`: what is declared of each setting, as something that checks a file.
import * as v from "valibot";
import { writeDuration } from "../../core/durations.ts";
import { type NamedSetting, allSettings } from "../setting-names.ts";
import { httpHeaders } from "./http-headers.ts";
import { programOrNone } from "./program.ts";
import { alertRules } from "./alert-rules.ts";
import type { Setting } from "./setting.ts";
import { choice, duration, editors, flag, table, whole } from "./values.ts";
import { hostNames, webAddress } from "./web-address.ts";

type Kind = ReturnType<typeof kindOf>;

/** What checks one value of a setting, and makes of it what the program reads. */
export function kindOf(setting: Setting) {
  const { kind } = setting;
  if (kind === "whole") return whole(setting.least, setting.most);
  if (kind === "duration") return duration(setting.least, setting.most);
  if (kind === "flag") return flag();
  if (kind === "words") return kindsOfWords[setting.form]();
  if (kind === "address") return webAddress();
  return choice(setting.options);
}

const kindsOfWords = { program: () => programOrNone, hosts: hostNames, headers: httpHeaders };

/** The schema of a whole file of settings. To make it takes longer than to check a value of each. */
export function settingsFile() {
  const sections = [...Map.groupBy(allSettings, ({ section }) => section)];
  return table({
    // For editors that find the schema by its address.
    $schema: v.optional(v.string("must be text")),
    ...entriesOf(allSettings.filter(({ section }) => section === null)),
    ...Object.fromEntries(
      sections
        .filter(([section]) => section !== null)
        .map(([section, settings]) => [section, v.optional(table(sectionOf(section!, settings)))]),
    ),
  });
}

function sectionOf(section: string, settings: readonly NamedSetting[]): v.ObjectEntries {
  const rules = section === "alerts" ? { rules: v.optional(alertRules()) } : {};
  return { ...entriesOf(settings), ...rules };
}

function entriesOf(settings: readonly NamedSetting[]) {
  const entries: Record<string, v.OptionalSchema<Kind, undefined>> = {};
  for (const { path, setting } of settings) entries[path.at(-1)!] = v.optional(told(setting));
  return entries;
}

function told(setting: Setting): Kind {
  return v.pipe(kindOf(setting), toldOf(setting)) as unknown as Kind;
}

function toldOf({ kind, purpose, usual }: Setting) {
  const value = kind === "duration" ? writeDuration(usual) : usual;
  return editors<v.InferOutput<Kind>>({ description: purpose, default: value });
}
