// Reads a file of variables, as `--env-file` names it. Nothing else reads a `.env`, wherever it lies.
import { readFileSync, statSync } from "node:fs";
import { type Mistake, SkepError } from "../core/errors.ts";
import { textOf } from "../core/text.ts";
import { changesRuntimes } from "./environment.ts";
import { type Place, faultOf, mistakeAt } from "./faults.ts";
import { isSecret } from "./schema/setting.ts";
import { findSetting } from "./setting-names.ts";

export interface EnvFile {
  variables: Readonly<Record<string, string>>;
  /** Where each of them is written. */
  places: Readonly<Record<string, Place>>;
  /** What to tell whoever named it; undefined when nothing is amiss. */
  warning: string | undefined;
}

const fileBytesMax = 1024 * 1024;

/**
 * The variables of the file at `path`: `NAME=value` line by line, `export` before it and quotes around the value allowed,
 * `#` for remarks; nothing is expanded. E_CONFIG for a file that is not there, with every line that is not understood.
 */
export function readEnvFile(path: string): EnvFile {
  const variables: Record<string, string> = {};
  const places: Record<string, Place> = {};
  const mistakes: Mistake[] = [];
  const { text, isOpen } = readText(path);
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#.*)?$/.test(line)) continue;
    const { name, rest } = entryOf.exec(line)?.groups ?? {};
    // The line itself is not shown: it may hold a secret.
    const place = { file: path, line: index + 1, key: name ?? "" };
    if (name === undefined)
      mistakes.push(mistakeAt(place, { what: "is no NAME=value", hint: form }));
    else if (changesRuntimes(name))
      mistakes.push(mistakeAt(place, { what: "changes how programs run, skep too", hint: remove }));
    else if (Object.hasOwn(variables, name))
      mistakes.push(mistakeAt(place, { what: "is there twice", hint: "Keep one of the two." }));
    else if (valueIn(rest!) === undefined)
      mistakes.push(mistakeAt(place, { what: "has a quote that is not closed", hint: form }));
    else [variables[name], places[name]] = [valueIn(rest!)!, place];
  }
  if (mistakes.length > 0) throw faultOf(mistakes, `${path} has`);
  const isExposed = isOpen && Object.keys(variables).some(mayBeSecret);
  return { variables, places, warning: isExposed ? exposed(path) : undefined };
}

const entryOf = /^\s*(?:export\s+)?(?<name>[A-Za-z_][A-Za-z0-9_]*)\s*=(?<rest>.*)$/;
const form = "Write NAME=value, or NAME='value' where it has spaces or a #.";
const remove = "Take it out of the file.";

/** Settings are for everybody to see, but for addresses and headers; of anything else nobody knows what it is. */
function mayBeSecret(name: string): boolean {
  const isSetting = /^(SKEP|CFN)_/.test(name) && name !== "SKEP_TOKEN";
  return !isSetting || isSecretSetting(name);
}

function isSecretSetting(name: string): boolean {
  const setting = findSetting(name)?.setting;
  return setting !== undefined && isSecret(setting);
}

function exposed(path: string): string {
  return `every user of this machine can read ${path}, and it may hold keys and passwords; chmod 600 closes it`;
}

const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

/** The value in what follows the =; undefined when a quote is not closed. A # with a blank before it begins a remark, though there be no value. */
function valueIn(text: string): string | undefined {
  const value = text.trimStart();
  const quote = value[0];
  if (quote !== "'" && quote !== '"') return text.replace(/\s+#.*$/, "").trim();
  const pattern = quote === "'" ? /^'([^']*)'\s*(#.*)?$/ : /^"((?:[^"\\]|\\.)*)"\s*(#.*)?$/;
  const inner = pattern.exec(value)?.[1];
  if (quote === "'") return inner;
  return inner?.replace(/\\(.)/g, (_, char: string) => escapes[char] ?? char);
}

const readableByAll = 0o004;

function readText(path: string): { text: string; isOpen: boolean } {
  const hint = "Name the file of variables: --env-file FILE.";
  const refuse = (what: string) => new SkepError("E_CONFIG", `${path} ${what}`, { hint });
  let bytes: Uint8Array;
  let isOpen: boolean;
  try {
    const stat = statSync(path);
    if (!stat.isFile()) throw refuse("is not a file");
    if (stat.size > fileBytesMax) throw refuse("is larger than 1 MiB");
    isOpen = process.getuid !== undefined && (stat.mode & readableByAll) !== 0;
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof SkepError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw refuse(code === "ENOENT" ? "is not there" : `cannot be read (${code})`);
  }
  const text = textOf(bytes);
  if (text === undefined) throw refuse("is not UTF-8 text");
  // NUL fits into no variable, and the mark that some editors put at the start is no part of the text.
  if (text.includes("\0")) throw refuse("has NUL characters");
  return { text: text.replace(/^\ufeff/, ""), isOpen };
}
