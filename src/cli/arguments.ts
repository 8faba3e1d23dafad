// The strictness that citty's parser lacks: what is not declared, given twice, missing or too much is an error.
import type { ArgsDef as CittyArgs } from "citty";
import { parseDurationMs } from "../core/durations.ts";
import { SkepError } from "../core/errors.ts";
import { didYouMean } from "../core/names.ts";
import { type ArgDef, type ArgsDef, type PositionalDef, flagName, globalArgs } from "./command.ts";

/** What the command line holds, sorted but not yet understood. */
export interface Words {
  /** By name; true for a flag without a value, a list for one that may be given several times. */
  flags: Map<string, string | true | string[]>;
  positionals: string[];
}

/**
 * The values of the declared `args` that `words` holds; what was not given is undefined, false for a boolean, empty
 * for a list. E_USAGE for anything that does not fit; `usage` goes into the hint of such an error.
 */
export async function readArguments(
  args: ArgsDef,
  words: readonly string[],
  usage: string,
): Promise<Record<string, unknown>> {
  const { flags, positionals } = sortWords(args, words);
  const places = Object.entries(args).filter(([, def]) => def.type === "positional");
  checkPositionals(places as [string, PositionalDef][], positionals, usage);
  const given = await readFlags(args, flags);
  for (const [place, [name]] of places.entries()) given.set(name, positionals[place]);
  const values: Record<string, unknown> = {};
  for (const [name, def] of Object.entries(args))
    values[name] = valueOf(name, def, given.get(name));
  const [last, lastDef] = places.at(-1) ?? [];
  if (last !== undefined && (lastDef as PositionalDef).many)
    values[last] = positionals.slice(places.length - 1);
  return values;
}

/** `words` with every flag checked against the declared ones; what follows `--` is never a flag. E_USAGE otherwise. */
export function sortWords(args: ArgsDef, words: readonly string[]): Words {
  const flags: Words["flags"] = new Map();
  const positionals: string[] = [];
  const known = flagsOf(args);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === "--") {
      positionals.push(...words.slice(i + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      positionals.push(word);
      continue;
    }
    const { name, def, shown, value } = findFlag(known, word);
    if (def.type === "boolean") {
      if (value !== undefined)
        throw usageFault(`${shown} takes no value`, `Write ${shown} alone, or leave it out.`);
      flags.set(name, true);
      continue;
    }
    const given = flags.get(name);
    const isList = def.type === "string" && def.many === true;
    if (given !== undefined && !isList)
      throw usageFault(`${shown} is given twice`, "Give it once.");
    const text = value ?? nextValue(words[++i], shown);
    flags.set(name, isList ? [...((given ?? []) as string[]), text] : text);
  }
  return { flags, positionals };
}

/** Whether `word` is a flag that takes the next word as its value. */
export function takesNextWord(args: ArgsDef, word: string): boolean {
  if (word.includes("=")) return false;
  const def = flagsOf(args).get(word)?.def;
  return def !== undefined && def.type !== "boolean";
}

function findFlag(known: ReturnType<typeof flagsOf>, word: string) {
  const [shown, value] = splitOnce(word);
  const found = known.get(shown);
  if (found !== undefined) return { ...found, shown, value };
  const longFlags = [...known.keys()].filter((flag) => flag.startsWith("--"));
  const guess = shown.startsWith("--") ? didYouMean(shown, longFlags) : undefined;
  throw usageFault(
    `there is no flag ${shown}`,
    guess ?? "Write -- before words that start with a dash but are no flags.",
  );
}

function flagsOf(args: ArgsDef) {
  const flags = new Map<string, { name: string; def: Exclude<ArgDef, PositionalDef> }>();
  for (const [name, def] of Object.entries(args)) {
    if (def.type === "positional") continue;
    flags.set(`--${flagName(name)}`, { name, def });
    if (def.alias !== undefined) flags.set(`-${def.alias}`, { name, def });
  }
  return flags;
}

function splitOnce(word: string): [flag: string, value: string | undefined] {
  const at = word.indexOf("=");
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function nextValue(word: string | undefined, flag: string): string {
  if (word === undefined) throw usageFault(`${flag} needs a value`, `Write ${flag} VALUE.`);
  // A forgotten value would otherwise swallow the flag that follows.
  if (word.startsWith("-") && word !== "-")
    throw usageFault(
      `${flag} needs a value, and ${JSON.stringify(word)} looks like a flag`,
      `Write ${flag}=${word} if that is the value.`,
    );
  return word;
}

function checkPositionals(
  places: [string, PositionalDef][],
  given: readonly string[],
  usage: string,
): void {
  const missing = places.slice(given.length).find(([, def]) => def.required !== false);
  if (missing !== undefined)
    throw usageFault(`${flagName(missing[0]).toUpperCase()} is missing`, usage);
  if (given.length <= places.length || places.at(-1)?.[1].many) return;
  throw usageFault(
    `${JSON.stringify(given[places.length])} is one word too many`,
    places.length === 0 ? usage : `${usage}\nA text with spaces is one word when it is quoted.`,
  );
}

/**
 * What the `flags` say, by name. Citty reads those of the command itself; the few that every command has, and most are
 * called with no others, need no parser: to load it and use it takes a tenth of the time of a send.
 */
async function readFlags(args: ArgsDef, flags: Words["flags"]): Promise<Map<string, unknown>> {
  const values = new Map<string, unknown>(flags);
  // Nor has it lists.
  const own = [...flags].filter(([name, value]) => !(name in globalArgs || Array.isArray(value)));
  if (own.length === 0) return values;
  const { parseArgs } = await import("citty");
  const words = own.map(([name, value]) => (value === true ? `--${name}` : `--${name}=${value}`));
  // It is told of no flags but these, for it looks for each in three spellings.
  const parsed = parseArgs(words, cittyArgs(own.map(([name]) => [name, args[name]!])));
  for (const [name] of own) values.set(name, parsed[name]);
  return values;
}

// Citty knows neither durations nor numbers nor lists; those are text to it, and are understood below.
function cittyArgs(defs: [name: string, def: ArgDef][]): CittyArgs {
  const plain = defs.map(([name, { type }]) => [name, type === "boolean" ? type : "string"]);
  return Object.fromEntries(plain.map(([name, type]) => [name, { type }])) as CittyArgs;
}

function valueOf(name: string, def: ArgDef, value: unknown): unknown {
  if (def.type === "boolean") return value === true;
  if (def.type === "positional") {
    if (def.options !== undefined && typeof value === "string")
      checkOption(value, flagName(name).toUpperCase(), def.options);
    return value;
  }
  const flag = `--${flagName(name)}`;
  if (def.type === "string" && def.many) return value ?? [];
  if ((value ?? def.default) === undefined) {
    if (def.required) throw usageFault(`${flag} is missing`, `Write ${flag} VALUE.`);
    return undefined;
  }
  const text = String(value ?? def.default);
  if (def.type === "duration") return parseDurationMs(text, flag);
  if (def.type === "whole") return wholeOf(text, flag, def.least, def.most);
  if (def.type === "enum") checkOption(text, flag, def.options);
  return text;
}

function wholeOf(text: string, flag: string, least: number, most: number): number {
  const number = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw usageFault(
    `${flag} is ${JSON.stringify(text)}`,
    `Write a whole number from ${least} to ${most}.`,
  );
}

function checkOption(text: string, what: string, options: readonly string[]): void {
  if (options.includes(text)) return;
  const guess = didYouMean(text, options);
  const allowed = `It is one of ${options.join(", ")}.`;
  throw usageFault(
    `${what} is ${JSON.stringify(text)}`,
    guess === undefined ? allowed : `${guess} ${allowed}`,
  );
}

function usageFault(message: string, hint: string): SkepError {
  return new SkepError("E_USAGE", message, { hint });
}
