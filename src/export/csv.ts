// CSV as RFC 4180 has it. Pure.

export type Cell = string | number | null;

/** One record with its line's end, CR and LF. Nothing is an empty field, and an empty text is one in quotes. */
export function csvRecord(cells: readonly Cell[]): string {
  return `${cells.map(field).join(",")}\r\n`;
}

function field(cell: Cell): string {
  if (cell === null) return "";
  const text = String(cell);
  // A space at an end is lost on some readers.
  const isPlain = /^[^",\r\n]+$/.test(text) && text.trim() === text;
  return isPlain ? text : `"${text.replaceAll('"', '""')}"`;
}
