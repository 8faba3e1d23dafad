// Limits on a machine that is slow: they are for one where a command that only looks is done at once.
import { elapsedMs } from "../../src/core/clock.ts";
import type { Place } from "./place.ts";

const atOnceMs = 100;

/** How long such a command takes now, in milliseconds: a process starts, reads, and ends. */
export async function lookMs(place: Place): Promise<number> {
  const startMs = elapsedMs();
  await place.skep(["ps"]);
  return elapsedMs() - startMs;
}

/** `limitMs`, or as much more as the slowest of `looksMs` took longer than it should. */
export function limitBeside(looksMs: readonly number[], limitMs: number): number {
  return limitMs * Math.max(1, Math.max(...looksMs) / atOnceMs);
}
