// Bodies that say who they are: a name that nobody else uses, a filler, and a sum over both.
import { crc32 } from "node:zlib";

// Characters of one, two, three and four bytes, so that whoever counts characters counts too few.
const filler = "skep-é-蜂-🐝.";

const fillerBytes = Buffer.byteLength(filler);

/** The body of the message `uid`, of so many bytes or a few less; as long as it has to be when that is too few. */
export function bodyOf(uid: string, bytes: number): Uint8Array {
  const count = Math.max(0, Math.floor((bytes - textOf(uid, "").length) / fillerBytes));
  return textOf(uid, filler.repeat(count));
}

/** The name that a body bears; null when it is damaged or not one of ours. */
export function uidOf(body: Uint8Array | string): string | null {
  try {
    const { uid, sum, filler: long } = JSON.parse(Buffer.from(body as string).toString());
    return sum === sumOf(uid, long) ? uid : null;
  } catch {
    return null;
  }
}

function textOf(uid: string, long: string): Uint8Array {
  return Buffer.from(JSON.stringify({ uid, sum: sumOf(uid, long), filler: long }));
}

function sumOf(uid: string, long: string): string {
  return crc32(`${uid} ${long}`).toString(16).padStart(8, "0");
}
