// How many cases property tests try, and which: a thousand in CI, and as many as somebody has the time for.
import { readFileSync } from "node:fs";

/** What starts the cases of a run; CASES_SEED=n has those of that run once more. */
export const seed = Number(process.env["CASES_SEED"] ?? Date.now() % 1_000_000_000);

/** `usual` of them, or more: `--cases=N` (or CASES=N, where a runner hands no words on) makes N of each 1,000. */
export function casesOf(usual: number): number {
  return Math.ceil((usual * asked()) / 1_000);
}

// What any test may take.
const leastMs = 240_000;

/** How long so many may take, in milliseconds, when the usual number of them may take `usualMs`, or as long as any test. */
export function casesMs(usualMs: number): number {
  return Math.ceil(Math.max(leastMs, usualMs) * Math.max(1, asked() / 1_000));
}

function asked(): number {
  // A test sees no words of its runner's but here.
  const words = readFileSync("/proc/self/cmdline", "utf8").split("\0");
  const word = words.find((word) => word.startsWith("--cases="))?.slice("--cases=".length);
  const count = Number(word ?? process.env["CASES"] ?? 1_000);
  if (Number.isInteger(count) && count > 0) return count;
  throw new Error("--cases=N, and CASES=N, take a whole number from 1 on");
}
