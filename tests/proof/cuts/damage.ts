// How a log is damaged, and up to where it is whole then.
import { readFileSync, writeFileSync } from "node:fs";
import type { Random } from "../random.ts";

export interface Damage {
  what: string;
  /** How much of the log is as it was, from its beginning. */
  wholeBytes: number;
  /** Does it to the log at that path, which nobody has open. */
  doTo(path: string): void;
}

const headerBytes = 32;
// A page of 2,048 bytes, and what stands before it.
export const frameBytes = 2_072;

/** A cut at each boundary of a frame in a log of `logBytes`, and one in the middle of each. */
export function everyCut(logBytes: number): Damage[] {
  const cuts: Damage[] = [cutAt(0)];
  for (let at = headerBytes; at < logBytes; at += frameBytes)
    cuts.push(cutAt(at), { ...cutAt(at + frameBytes / 2), wholeBytes: at });
  return cuts;
}

/** So many flips of some bits of one byte anywhere in a log of `logBytes`. */
export function someFlips(count: number, logBytes: number, random: Random): Damage[] {
  return Array.from({ length: count }, () => {
    const at = random.whole(0, logBytes - 1);
    const bits = random.whole(1, 255);
    const inFrame = (at - headerBytes) % frameBytes;
    return {
      what: `byte ${at} of the log flipped by ${bits}`,
      wholeBytes: at < headerBytes ? 0 : at - inFrame,
      doTo(path) {
        const bytes = readFileSync(path);
        bytes[at]! ^= bits;
        writeFileSync(path, bytes);
      },
    };
  });
}

function cutAt(at: number): Damage {
  return {
    what: `the log cut after ${at} bytes`,
    wholeBytes: at,
    doTo: (path) => writeFileSync(path, readFileSync(path).subarray(0, at)),
  };
}
