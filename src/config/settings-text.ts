// A file of settings as text: every setting with what it is for and its usual value.
import { type NamedSetting, allSettings } from "./setting-names.ts";
import { writeValue } from "./setting-rules.ts";
import type { SettingValue } from "./schema/setting.ts";
import { rangeOf } from "./explain.ts";

/** All settings with their usual values in TOML; with `remarks` each line is one, and says what it is for. */
export function settingsText({ remarks }: { remarks: boolean }): string {
  const lines: string[] = [];
  // What stands above all sections has no usual value that anybody would write.
  const sections = Map.groupBy(allSettings, ({ section }) => section);
  for (const [section, settings] of sections) {
    if (section === null && !remarks) continue;
    if (lines.length > 0) lines.push("");
    if (section !== null) lines.push(remarks ? `#[${section}]` : `[${section}]`);
    for (const named of settings) lines.push(...(remarks ? remarkOf(named) : [lineOf(named)]));
  }
  return `${lines.join("\n")}\n`;
}

/** A value as TOML, YAML and JSON write it. */
export function literalOf(named: NamedSetting, value: SettingValue): string {
  const text = writeValue(named, value);
  return ["whole", "flag", "words"].includes(named.setting.kind) ? text : JSON.stringify(text);
}

function remarkOf(named: NamedSetting): string[] {
  return [`# ${named.setting.purpose} ${rangeOf(named.setting)}`, `#${lineOf(named)}`];
}

function lineOf(named: NamedSetting): string {
  return `${named.path.at(-1)} = ${literalOf(named, named.setting.usual)}`;
}
