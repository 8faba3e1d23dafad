// On which line of a file each key is written.

/** The lines, from 1, by the key's path. */
export type KeyLines = Map<string, number>;

/** Notes that the key at `path` is on `line`; where it was before, it stays. */
export function noteLine(lines: KeyLines, path: readonly string[], line: number): void {
  const key = JSON.stringify(path);
  if (!lines.has(key)) lines.set(key, line);
}

/** The line of the key at `path`; when it is not there, of the table or list that it would be in, 1 for the whole file. */
export function lineOf(lines: KeyLines, path: readonly string[]): number {
  for (let length = path.length; length > 0; length--) {
    const line = lines.get(JSON.stringify(path.slice(0, length)));
    if (line !== undefined) return line;
  }
  return 1;
}
