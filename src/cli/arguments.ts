// The strictness that citty's parser lacks: what is not declared, given twice, missing or too much is an error.
import { type ArgsDef as CittyArgs, parseArgs } from "citty";
import { parseDurationMs } from "../core/durations.ts";
import { SkepError } from "../core/errors.ts";
import { didYouMean } from "../core/names.ts";
import { type ArgDef, type ArgsDef, type PositionalDef, flagName } from "./command.ts";

/** What the command line holds, sorted but not yet understood. */
export interface Words {
  /** By name; true for a flag without a value. */
  flags: Map<string, string | true>;
  positionals: string[];
}

/**
 * The values of the declared `args` that `words` holds; what was not given is undefined, false for a boolean, empty
 * for a list. E_USAGE for anything that does not fit; `usage` goes into the hint of such an error.
 */
export function readArguments(
  args: ArgsDef,
  words: readonly string[],
  usage: string,
): Record<string, unknown> {
  const { flags, positionals } = sortWords(args, words);
  const places = Object.entries(args).filter(([, def]) => def.type === "positional");
  checkPositionals(places as [string, PositionalDef][], positionals, usage);
  const parsed = parseArgs([...flagWords(flags), "--", ...positionals], cittyArgs(args));
  const values: Record<string, unknown> = {};
  for (const [name, def] of Object.entries(args)) values[name] = valueOf(name, def, parsed[name]);
  const [last, lastDef] = places.at(-1) ?? [];
  if (last !== undefined && (lastDef as PositionalDef).many)
    values[last] = positionals.slice(places.length - 1);
  return values;
}

/** `words` with every flag checked against the declared ones; what follows `--` is never a flag. E_USAGE otherwise. */
export function sortWords(args: ArgsDef, words: readonly string[]): Words {
  const flags = new Map<string, string | true>();
  const positionals: string[] = [];
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
    const { name, def, shown, value } = findFlag(args, word);
    if (def.type === "boolean") {
      if (value !== undefined)
        throw usageFault(`${shown} takes no value`, `Write ${shown} alone, or leave it out.`);
      flags.set(name, true);
      continue;
    }
    if (flags.has(name)) throw usageFault(`${shown} is given twice`, "Give it once.");
    flags.set(name, value ?? nextValue(words[++i], shown));
  }
  return { flags, positionals };
}

/** Whether `word` is a flag that takes the next word as its value. */
export function takesNextWord(args: ArgsDef, word: string): boolean {
  if (word.includes("=")) return false;
  const def = flagsOf(args).get(word)?.def;
  return def !== undefined && def.type !== "boolean";
}

function findFlag(args: ArgsDef, word: string) {
  const [shown, value] = splitOnce(word);
  const known = flagsOf(args);
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

function* flagWords(flags: Words["flags"]): Generator<string> {
  for (const [name, value] of flags) yield value === true ? `--${name}` : `--${name}=${value}`;
}

// Citty knows neither durations nor numbers nor lists; those are text to it, and are understood below.
function cittyArgs(args: ArgsDef): CittyArgs {
  const plain: CittyArgs = {};
  for (const [name, def] of Object.entries(args)) {
    if (def.type === "boolean") plain[name] = { type: "boolean" };
    else if (def.type === "positional") plain[name] = { type: "positional", required: false };
    else
      plain[name] = { type: "string", ...(def.default !== undefined && { default: def.default }) };
  }
  return plain;
}

function valueOf(name: string, def: ArgDef, value: unknown): unknown {
  if (def.type === "boolean") return value === true;
  if (def.type === "positional") {
    if (def.options !== undefined && typeof value === "string")
      checkOption(value, flagName(name).toUpperCase(), def.options);
    return value;
  }
  const flag = `--${flagName(name)}`;
  if (value === undefined) {
    if (def.required) throw usageFault(`${flag} is missing`, `Write ${flag} VALUE.`);
    return undefined;
  }
  const text = String(value);
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
