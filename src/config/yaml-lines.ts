// Reads YAML, and finds the lines of its keys and of what is wrong with it.
import {
  type Document,
  LineCounter,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
  visit,
} from "yaml";
import { type KeyLines, noteLine } from "./key-lines.ts";
import { yamlWords } from "./syntax-words.ts";

export interface Read {
  value?: unknown;
  /** The lines of every key and list item; what an alias repeats is where it is written first, and not listed again. */
  lines: () => KeyLines;
  /** The first thing that is wrong; line and column from 1. */
  wrong: { what: string; line: number; column: number } | undefined;
}

/** What `text` says. */
export function readYaml(text: string): Read {
  const lineCounter = new LineCounter();
  const wrongAt = (offset: number, what: string): Read => {
    const { line, col: column } = lineCounter.linePos(offset);
    return { lines: () => new Map(), wrong: { what, line, column } };
  };
  try {
    const document = parseDocument(text, { lineCounter, prettyErrors: false });
    const [first] = document.errors;
    if (first !== undefined) {
      const at = first.pos[0];
      const isTwice = first.code === "DUPLICATE_KEY";
      return wrongAt(at, isTwice ? `${nameAt(text, at)} is there twice` : yamlWords(first.code));
    }
    const wrong = wrongAlias(document);
    if (wrong !== undefined) return wrongAt(wrong.at, wrong.what);
    const lines = () => yamlLines(document, (offset) => lineCounter.linePos(offset).line);
    return { value: document.toJS() as unknown, lines, wrong: undefined };
  } catch (error) {
    // What it does not take to be a mistake of the language: small files that unfold into gigabytes.
    if (error instanceof ReferenceError)
      return wrongAt(text.lastIndexOf("*"), "its aliases unfold into far too much");
    if (error instanceof RangeError) return wrongAt(0, "it is nested too deeply");
    throw error;
  }
}

/** The key that is written there. */
function nameAt(text: string, offset: number): string {
  return /^["']?([\w.-]+)/.exec(text.slice(offset, offset + 64))?.[1] ?? "a key";
}

/** The first alias that names nothing before it, or what it is in itself. */
function wrongAlias(document: Document): { at: number; what: string } | undefined {
  const anchors = new Set<string>();
  let wrong: { at: number; what: string } | undefined;
  visit(document, {
    Node(_key, node) {
      if (!isAlias(node) && node.anchor !== undefined) anchors.add(node.anchor);
    },
    Alias(_key, { source, range }, path) {
      const holdsIt = path.some((node) => isCollection(node) && node.anchor === source);
      if (anchors.has(source) && !holdsIt) return undefined;
      const what = holdsIt
        ? "an alias stands within what it names"
        : "an alias names an anchor that is not there before it";
      wrong = { at: range?.[0] ?? 0, what };
      return visit.BREAK;
    },
  });
  return wrong;
}

function yamlLines(document: Document, lineAt: (offset: number) => number): KeyLines {
  const lines: KeyLines = new Map();
  walk(document.contents, []);
  return lines;

  function walk(node: unknown, path: readonly string[]): void {
    if (isMap(node))
      for (const { key, value } of node.items)
        note(key, value, [...path, String(isScalar(key) ? key.value : key)]);
    else if (isSeq(node))
      for (const [index, item] of node.items.entries()) note(item, item, [...path, `${index}`]);
  }

  function note(start: unknown, node: unknown, path: readonly string[]): void {
    if (isNode(start) && start.range) noteLine(lines, path, lineAt(start.range[0]));
    walk(node, path);
  }
}
