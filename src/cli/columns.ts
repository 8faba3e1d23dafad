// Rows of text with their columns in line.

/** `rows` as lines, every column but the last as wide as its widest cell; empty when there is no row. */
export function columns(rows: readonly (readonly string[])[], indent = ""): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows
    .map((row) => {
      const cells = row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!)));
      return `${indent}${cells.join("  ")}`.trimEnd();
    })
    .join("\n");
}
