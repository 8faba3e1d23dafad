// Checks the settings somebody chose. Loaded only when there are any.
import * as v from "valibot";
import { SkepError } from "../core/errors.ts";
import { didYouMean } from "../core/names.ts";
import { plainVariables } from "./environment.ts";
import { configFault, findingsOf } from "./faults.ts";
import { type Source, parseToml } from "./parse.ts";
import { settingPaths, settings } from "./schema/settings.ts";
import { type Settings, freeze } from "./settings.ts";

type Tree = Record<string, unknown>;

/** The settings of `source` (a `skep.toml`, when there is one) with those of `variables` over them; E_CONFIG for what does not fit. */
export async function checkSettings(
  source: Source | undefined,
  variables: Readonly<Record<string, string>>,
): Promise<Settings> {
  const parsed = source === undefined ? undefined : await parseToml(source);
  const tree = (parsed?.value ?? {}) as Tree;
  const chosen = new Map<string, string>();
  for (const [variable, text] of Object.entries(variables)) {
    const [section, key] = settingPath(variable);
    chosen.set(`${section}.${key}`, variable);
    overlay(tree, section, key, valueOf(text));
  }
  const checked = v.safeParse(settings, tree);
  if (checked.success) return freeze(checked.output);
  const placeOf = (path: readonly string[]) => {
    const key = path.join(".");
    const variable = chosen.get(key);
    if (variable !== undefined) return { file: null, line: null, key: variable };
    return { file: source?.file ?? null, line: parsed?.lineOf(path) ?? null, key };
  };
  throw configFault(findingsOf(checked.issues), placeOf, "the settings have");
}

function settingPath(variable: string): readonly [section: string, key: string] {
  const named = settingPaths.map((path) => [variableOf(path), path] as const);
  const found = named.find(([name]) => name === variable);
  if (found !== undefined) return found[1];
  const guess = didYouMean(variable, [...named.map(([name]) => name), ...plainVariables]);
  throw new SkepError("E_CONFIG", `the environment variable ${variable} is not known to skep`, {
    hint: guess ?? "Settings are SKEP_<SECTION>_<KEY>, such as SKEP_BUS_LEASE; unset this one.",
  });
}

function variableOf([section, key]: readonly [string, string]): string {
  return `SKEP_${section}_${key}`.toUpperCase();
}

// A section that is not a table stays as it is: the schema says what is wrong with it.
function overlay(tree: Tree, section: string, key: string, value: unknown): void {
  const table = (tree[section] ??= {});
  if (typeof table === "object" && table !== null) (table as Tree)[key] = value;
}

// Variables are always text; whatever looks like a number is meant as one.
function valueOf(text: string): string | number {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
