// Finds the lines of the keys of a YAML or JSON file.
import { type Document, isMap, isNode, isScalar, isSeq } from "yaml";
import { type KeyLines, noteLine } from "./key-lines.ts";

/** The lines of every key and list item of `document`; what an alias repeats is where it is written first, and not listed again. */
export function yamlLines(document: Document, lineAt: (offset: number) => number): KeyLines {
  const lines: KeyLines = new Map();
  walk(document.contents, []);
  return lines;

  function walk(node: unknown, path: readonly string[]): void {
    if (isMap(node))
      for (const { key, value } of node.items)
        visit(key, value, [...path, String(isScalar(key) ? key.value : key)]);
    else if (isSeq(node))
      for (const [index, item] of node.items.entries()) visit(item, item, [...path, `${index}`]);
  }

  function visit(start: unknown, node: unknown, path: readonly string[]): void {
    if (isNode(start) && start.range) noteLine(lines, path, lineAt(start.range[0]));
    walk(node, path);
  }
}
