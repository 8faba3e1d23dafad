// A worker that lives as long as the swarm: each line on stdin is a delivery, each line on stdout settles one.
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { parse, type Piece } from "./piece.ts";
import { setting } from "./work.ts";

const run = setting("CENSUS_RUN");
const directory = setting("CENSUS_DIR");

for await (const line of console) {
  if (line === "") continue;
  const { receipt, body } = JSON.parse(line);
  console.log(JSON.stringify(settle(receipt, parse(body))));
}

function settle(receipt: string, piece: Piece | undefined): object {
  // Left over from an earlier census: nobody waits for the answer.
  if (piece?.run !== run) return { ack: receipt };
  try {
    const count = countIdentifiers(read(piece));
    return { ack: receipt, reply: `${run} ${piece.number} ${piece.file} ${count}` };
  } catch (error) {
    return { nack: receipt, reason: String(error) };
  }
}

function read({ path, offset, length }: Piece): Uint8Array {
  const bytes = new Uint8Array(length);
  const file = openSync(join(directory, path), "r");
  try {
    if (readSync(file, bytes, 0, length, offset) === length) return bytes;
  } finally {
    closeSync(file);
  }
  throw new Error(`${path} is shorter than it was`);
}

// A digit goes on with an identifier but cannot begin one: "9abc" holds "abc".
function countIdentifiers(bytes: Uint8Array): number {
  let count = 0;
  let inside = false;
  for (const byte of bytes) {
    const begins = isLetter(byte) || byte === 0x5f || byte === 0x24;
    if (begins && !inside) count++;
    inside = begins || (inside && isDigit(byte));
  }
  return count;
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
