// Finds the lines of the keys of a TOML file, which its parser does not tell. It trusts that the file is valid.
import { type KeyLines, noteLine } from "./key-lines.ts";

const space = /[ \t]*/y;
const gap = /(?:[ \t\r\n]|#[^\n]*)*/y;
const bareKey = /[A-Za-z0-9_-]+/y;
const scalar = /[^,\]}#\r\n]+/y;

/** The lines of every key, table and list item of `text`, which a parser has accepted; some of them when it is not valid. */
export function tomlLines(text: string): KeyLines {
  const lines: KeyLines = new Map();
  // How many tables there are so far under each [[name]].
  const tables = new Map<string, number>();
  let at = 0;
  let line = 1;

  function take(pattern: RegExp): string {
    pattern.lastIndex = at;
    return pass(pattern.exec(text)?.[0].length ?? 0);
  }

  function pass(length: number): string {
    const taken = text.slice(at, at + length);
    at += length;
    for (let i = taken.indexOf("\n"); i >= 0; i = taken.indexOf("\n", i + 1)) line++;
    return taken;
  }

  /** Whether `words` come next; then it goes past them. */
  function passes(words: string): boolean {
    return text.startsWith(words, at) && pass(words.length) !== "";
  }

  /** Goes past a string of any kind. */
  function string(): string {
    const quote = text[at]!;
    const long = quote.repeat(3);
    const end = text.startsWith(long, at) ? long : quote;
    let stop = at + end.length;
    while (stop < text.length && !text.startsWith(end, stop))
      stop += quote === '"' && text[stop] === "\\" ? 2 : 1;
    stop += end.length;
    // A long string may end in quotes of its own.
    while (end === long && text[stop] === quote) stop++;
    return pass(stop - at);
  }

  function key(): string[] {
    const parts: string[] = [];
    do {
      take(space);
      const quoted = text[at] === '"' || text[at] === "'";
      parts.push(quoted ? unquoted(string()) : take(bareKey));
      take(space);
    } while (passes("."));
    return parts;
  }

  function entry(table: readonly string[]): void {
    const path = key().reduce((parent, part) => noted([...parent, part]), table);
    passes("=");
    take(space);
    value(path);
  }

  function noted(path: string[]): string[] {
    noteLine(lines, path, line);
    return path;
  }

  function value(path: readonly string[]): void {
    if (text[at] === '"' || text[at] === "'") string();
    else if (passes("[")) items("]", (index) => value(noted([...path, `${index}`])));
    else if (passes("{")) items("}", () => entry(path));
    else take(scalar);
  }

  function items(end: string, item: (index: number) => void): void {
    take(gap);
    for (let index = 0; at < text.length && !passes(end); index++) {
      const start = at;
      item(index);
      take(gap);
      passes(",");
      take(gap);
      if (at === start) return;
    }
  }

  /** The path of a table by its heading; through a list of tables it leads to the newest. */
  function heading(isList: boolean): string[] {
    const parts = key();
    return parts.reduce<string[]>((parent, part, i) => {
      const path = noted([...parent, part]);
      const name = JSON.stringify(path);
      if (isList && i === parts.length - 1) tables.set(name, (tables.get(name) ?? 0) + 1);
      const count = tables.get(name);
      return count === undefined ? path : noted([...path, `${count - 1}`]);
    }, []);
  }

  let table: string[] = [];
  for (take(gap); at < text.length; take(gap)) {
    const start = at;
    if (passes("[")) {
      const isList = passes("[");
      table = heading(isList);
      passes(isList ? "]]" : "]");
    } else entry(table);
    if (at === start) break;
  }
  return lines;
}

// The few escapes that JSON does not know make no name that would be allowed.
function unquoted(quoted: string): string {
  if (quoted.startsWith("'")) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted);
  } catch {
    return quoted;
  }
}
