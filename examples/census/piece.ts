// A piece of a file: what one message asks a worker to count. Its body is one line of text,
// "<run> <piece> <file> <offset> <length> <path>", because two of the three kinds of workers are shell scripts.

export interface Piece {
  run: string;
  number: number;
  file: number;
  offset: number;
  length: number;
  path: string;
}

const linesPerPiece = 100;
const newline = 10;

/** Where the pieces of `bytes` begin and how long they are: 100 lines each, the rest in the last; none when empty. */
export function cut(bytes: Uint8Array): { offset: number; length: number }[] {
  const pieces = [];
  let offset = 0;
  while (offset < bytes.length) {
    const end = endOfLines(bytes, offset);
    pieces.push({ offset, length: end - offset });
    offset = end;
  }
  return pieces;
}

export function format(piece: Piece): string {
  const { run, number, file, offset, length, path } = piece;
  return `${run} ${number} ${file} ${offset} ${length} ${path}`;
}

/** The piece that `body` names, or undefined when it names none. */
export function parse(body: string | null): Piece | undefined {
  const match = /^(\S+) (\d+) (\d+) (\d+) (\d+) (.+)$/.exec(body ?? "");
  if (match === null) return undefined;
  const [number, file, offset, length] = match.slice(2, 6).map(Number) as [
    number,
    number,
    number,
    number,
  ];
  return { run: match[1]!, number, file, offset, length, path: match[6]! };
}

// An identifier holds no newline, so none is cut in two.
function endOfLines(bytes: Uint8Array, start: number): number {
  let end = start;
  for (let line = 0; line < linesPerPiece; line++) {
    end = bytes.indexOf(newline, end) + 1;
    if (end === 0) return bytes.length;
  }
  return end;
}
