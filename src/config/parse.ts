// Reads the three languages a configuration may be written in. Each parser is loaded when it is needed.
import { extname } from "node:path";
import type { SkepError } from "../core/errors.ts";
import { textOf } from "../core/text.ts";
import { configFault } from "./faults.ts";
import { type KeyLines, lineOf } from "./key-lines.ts";

export interface Source {
  file: string;
  bytes: Uint8Array;
}

export interface Parsed {
  /** Not checked for anything but the language's own grammar. */
  value: unknown;
  /** The line, from 1, on which the key at `path` is written, or what it would be in when it is not there. */
  lineOf(path: readonly string[]): number;
}

/** What reads a file of that name; undefined when its ending says nothing that we know. */
export function parserOf(path: string): ((source: Source) => Promise<Parsed>) | undefined {
  return parsers[extname(path).toLowerCase()];
}

/** The values of a TOML file; an empty table when the file is empty. E_CONFIG with line and column for a syntax error. */
export async function parseToml(source: Source): Promise<Parsed> {
  const text = sourceText(source);
  const [{ TomlError, parse }, { tomlLines }] = await Promise.all([
    import("smol-toml"),
    import("./toml-lines.ts"),
  ]);
  try {
    return { value: parse(text), lineOf: lineFinder(() => tomlLines(text)) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const { tomlWords } = await import("./syntax-words.ts");
    const said = error.message.split("\n")[0]!;
    const what = /redefine/.test(said)
      ? `${nameOn(text.split("\n")[error.line - 1])} is there twice`
      : tomlWords(said);
    throw syntaxFault(source.file, error, `is not valid TOML: ${what}`);
  }
}

/** What a line of TOML is about: its table, or its key where it has only one. */
function nameOn(line = ""): string {
  const [, table] = /^\s*\[+\s*([^\]"']*?)\s*\]/.exec(line) ?? [];
  const [, key] = /^\s*([\w.-]+)\s*=[^={]*$/.exec(line) ?? [];
  return table || key || "a key";
}

/** The values of a YAML file; null when the file is empty. E_CONFIG with line and column for a syntax error. */
export async function parseYaml(source: Source): Promise<Parsed> {
  const text = sourceText(source);
  const { readYaml } = await import("./yaml-lines.ts");
  const { value, lines, wrong } = readYaml(text);
  if (wrong !== undefined)
    throw syntaxFault(source.file, wrong, `is not valid YAML: ${wrong.what}`);
  return { value, lineOf: lineFinder(lines) };
}

/** The values of a JSON file. E_CONFIG with line and column for a syntax error or a key that is there twice. */
export async function parseJson(source: Source): Promise<Parsed> {
  const text = sourceText(source);
  const { readJson } = await import("./json-lines.ts");
  const { value, lines, wrong } = readJson(text);
  if (wrong !== undefined)
    throw syntaxFault(source.file, wrong, `is not valid JSON: ${wrong.what}`);
  return { value, lineOf: lineFinder(() => lines) };
}

const parsers: Record<string, (source: Source) => Promise<Parsed>> = {
  ".toml": parseToml,
  ".yaml": parseYaml,
  ".yml": parseYaml,
  ".json": parseJson,
};

function sourceText({ file, bytes }: Source): string {
  const text = textOf(bytes);
  if (text === undefined)
    throw syntaxFault(file, firstOddByte(bytes), "is not UTF-8 text", "Save it as UTF-8.");
  // Some editors put a mark there that is not part of the text.
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

/** Where `bytes` stop being text, line and column from 1. */
function firstOddByte(bytes: Uint8Array): Spot {
  const [before] = new TextDecoder().decode(bytes).split("\ufffd", 1);
  const lines = before!.split("\n");
  return { line: lines.length, column: lines.at(-1)!.length + 1 };
}

/** What finds lines in a file; they are only looked for once somebody asks, for most files are right. */
function lineFinder(find: () => KeyLines): Parsed["lineOf"] {
  let lines: KeyLines | undefined;
  return (path) => lineOf((lines ??= find()), path);
}

/** Both from 1. */
interface Spot {
  line: number;
  column: number;
}

function syntaxFault(
  file: string,
  { line, column }: Spot,
  what: string,
  hint = "Correct the file and try again.",
): SkepError {
  return configFault([{ path: [], what, hint }], () => ({ file, line, column, key: "" }), file);
}
