// Finds the lines of the keys of a JSON file, and where its grammar is broken, which JSON.parse does not tell.
import { type JSONPath, printParseErrorCode, visit } from "jsonc-parser";
import { clip } from "../core/text.ts";
import { type KeyLines, noteLine } from "./key-lines.ts";
import { jsonWords } from "./syntax-words.ts";

/** What is wrong with the grammar of a file, and where. */
export interface Wrong {
  what: string;
  /** Both from 1. */
  line: number;
  column: number;
}

export interface Read {
  value?: unknown;
  /** The lines of every key and list item. */
  lines: KeyLines;
  /** The first thing that is wrong; a key that is there twice in a table is, too. */
  wrong: Wrong | undefined;
}

/** What `text` says. */
export function readJson(text: string): Read {
  const lines: KeyLines = new Map();
  try {
    const wrong = look(text, lines);
    return wrong === undefined ? { value: JSON.parse(text), lines, wrong } : { lines, wrong };
  } catch (error) {
    // Whoever reads it goes as deep as it does.
    const what = error instanceof RangeError ? "it is nested too deeply" : jsonWords("");
    return { lines, wrong: { what, line: 1, column: 1 } };
  }
}

// A key that is longer is not worth showing.
const shownMax = 60;

/** Notes all `lines` of `text`: what is wrong first. */
function look(text: string, lines: KeyLines): Wrong | undefined {
  let wrong: Wrong | undefined;
  const tables: Set<string>[] = [];
  const complain = (what: string, line: number, column: number) =>
    (wrong ??= { what, line: line + 1, column: column + 1 });
  const note = (line: number, path: JSONPath) => noteLine(lines, path.map(String), line + 1);
  visit(
    text,
    {
      onObjectBegin(_offset, _length, line, _column, path) {
        note(line, path());
        tables.push(new Set());
      },
      onObjectEnd: () => void tables.pop(),
      onObjectProperty(key, _offset, _length, line, column, path) {
        const keys = tables.at(-1)!;
        if (keys.has(key)) complain(`${clip(key, shownMax)} is there twice`, line, column);
        keys.add(key);
        note(line, [...path(), key]);
      },
      onArrayBegin: (_offset, _length, line, _column, path) => note(line, path()),
      onLiteralValue: (_value, _offset, _length, line, _column, path) => note(line, path()),
      onError: (code, _offset, _length, line, column) =>
        void complain(jsonWords(printParseErrorCode(code)), line, column),
    },
    { disallowComments: true },
  );
  return wrong;
}
