// Durations as people write them: 500ms 5s 2m 1h.
import { SkepError } from "./errors.ts";

const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a duration like `500ms`, `5s`, `1.5m`, `1h` or `7d`; E_USAGE for anything else. */
export function parseDurationMs(text: string, what: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  const ms = match ? Number(match[1]) * unitsMs[match[2] as keyof typeof unitsMs] : Number.NaN;
  // 100 years: far enough for anybody, near enough that no sum of two overflows.
  if (ms <= 100 * 365 * unitsMs.d) return Math.round(ms);
  throw new SkepError("E_USAGE", `${what}: ${JSON.stringify(text)} is not a duration`, {
    hint: "Write a number and a unit: 500ms, 5s, 2m, 1h or 7d.",
  });
}

/** `ms` as one would write it, so that it reads back as the same: 500ms, 90s, 1h, 7d. */
export function writeDuration(ms: number): string {
  if (ms === 0) return "0s";
  const [unit, unitMs] = Object.entries(unitsMs).findLast(([, unitMs]) => ms % unitMs === 0)!;
  return `${ms / unitMs}${unit}`;
}

/** A duration for people, two units at most: 740ms, 4.2s, 3m 20s, 5h 2m, 3d 4h. */
export function formatDuration(ms: number): string {
  // Downwards like the larger units, or 59.99 s would read as 60.0s.
  if (ms < 1_000) return `${Math.floor(ms)}ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  if (ms < unitsMs.h) return two(ms, unitsMs.m, "m", unitsMs.s, "s");
  if (ms < unitsMs.d) return two(ms, unitsMs.h, "h", unitsMs.m, "m");
  return two(ms, unitsMs.d, "d", unitsMs.h, "h");
}

function two(ms: number, bigMs: number, big: string, smallMs: number, small: string): string {
  const wholes = Math.floor(ms / bigMs);
  const rest = Math.floor((ms % bigMs) / smallMs);
  return rest === 0 ? `${wholes}${big}` : `${wholes}${big} ${rest}${small}`;
}
