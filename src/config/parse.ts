// Reads the three languages a configuration may be written in. Each parser is loaded when it is needed.
import { extname } from "node:path";
import { SkepError } from "../core/errors.ts";
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

/** The values of a TOML file; an empty table when the file is empty. E_CONFIG with the line for a syntax error. */
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
    const said = error.message.split("\n")[0]!.replace(/^Invalid TOML document: /, "");
    // Where the parser speaks of values and tables, people look for a name.
    const what = /redefine/.test(said)
      ? `${nameOn(text.split("\n")[error.line - 1])} is there twice`
      : said;
    throw syntaxFault(source.file, error.line, `is not valid TOML: ${what}`);
  }
}

/** What a line of TOML is about: its table, or its key where it has only one. */
function nameOn(line = ""): string {
  const [, table] = /^\s*\[+\s*([^\]"']*?)\s*\]/.exec(line) ?? [];
  const [, key] = /^\s*([\w.-]+)\s*=[^={]*$/.exec(line) ?? [];
  return table || key || "a key";
}

/** The values of a YAML file; null when the file is empty. E_CONFIG with the line for a syntax error. */
export async function parseYaml(source: Source): Promise<Parsed> {
  const document = await yamlDocument(sourceText(source));
  const first = document.errors[0];
  if (first !== undefined)
    throw syntaxFault(source.file, first.line, `is not valid YAML: ${first.what}`);
  try {
    return { value: document.value(), lineOf: document.lineOf };
  } catch (error) {
    // An alias to nowhere, or a small file whose aliases unfold into gigabytes.
    throw syntaxFault(
      source.file,
      undefined,
      `is not valid YAML: ${withoutContent((error as Error).message)}`,
    );
  }
}

/** The values of a JSON file. E_CONFIG with the line for a syntax error or a key that is there twice. */
export async function parseJson(source: Source): Promise<Parsed> {
  const text = sourceText(source);
  // JSON is YAML too, and that parser knows lines and notices doubled keys, which JSON.parse does not.
  const document = await yamlDocument(text);
  const doubled = document.errors.find((error) => error.code === "DUPLICATE_KEY");
  if (doubled !== undefined)
    throw syntaxFault(source.file, doubled.line, `is not valid JSON: ${doubled.what}`);
  try {
    return { value: JSON.parse(text), lineOf: document.lineOf };
  } catch {
    // What JSON.parse says of it shows what stands there, which may be a secret, and not where.
    const first = document.errors[0] ?? (await yamlDocument(text, "json")).errors[0];
    const what =
      document.errors[0]?.what ??
      "a value is neither a number, true, false, null nor in double quotes";
    throw syntaxFault(source.file, first?.line, `is not valid JSON: ${what}`);
  }
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
    throw new SkepError("E_CONFIG", `${file} is not UTF-8 text`, { hint: "Save it as UTF-8." });
  // Some editors put a mark there that is not part of the text.
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

/** What finds lines in a file; they are only looked for once somebody asks, for most files are right. */
function lineFinder(find: () => KeyLines): Parsed["lineOf"] {
  let lines: KeyLines | undefined;
  return (path) => lineOf((lines ??= find()), path);
}

async function yamlDocument(text: string, schema: "core" | "json" = "core") {
  const [{ LineCounter, parseDocument }, { yamlLines }] = await Promise.all([
    import("yaml"),
    import("./yaml-lines.ts"),
  ]);
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, schema });
  const lineAt = (offset: number) => lineCounter.linePos(offset).line;
  return {
    value: () => document.toJS() as unknown,
    errors: document.errors.map((error) => ({
      code: error.code,
      what: withoutContent(error.message),
      line: lineAt(error.pos[0]),
    })),
    lineOf: lineFinder(() => yamlLines(document, lineAt)),
  };
}

// Of a tag or an alias that is not there it tells the name, which may be a password that ought to have been in quotes.
function withoutContent(message: string): string {
  return message.replace(/: \S+$/, "");
}

function syntaxFault(file: string, line: number | undefined, what: string): SkepError {
  const place = () => ({ file, line: line ?? null, key: "" });
  return configFault([{ path: [], what, hint: "Correct the file and try again." }], place, file);
}
