// The two times skep knows. Nothing else in `src/` reads a clock, so a test can hand in its own.
import { readFileSync } from "node:fs";
import { libc } from "./libc.ts";

export interface Clock {
  /** Wall time in milliseconds since 1970, whole: for people, time-to-live and delays. */
  now(): number;
  /** Monotonic milliseconds since this boot, whole, the same in every process: for leases, backoff and limits. */
  tick(): number;
  /** Names the boot that `tick` counts from; a tick of another boot means nothing. */
  readonly boot: string;
}

/** The machine's own clock. */
export function systemClock(): Clock {
  const offsetMs = offsetBetween(elapsedMs, libc()?.monotonicMs ?? uptimeMs);
  return {
    now: () => Date.now(),
    tick: () => Math.floor(offsetMs + elapsedMs()),
    boot: bootId(),
  };
}

/**
 * How far `theirs` is ahead of `ours`. Whoever is put off between the two readings finds them apart by as much, and a
 * process would tell the wrong time ever after, so the readings that lie closest together count.
 */
export function offsetBetween(ours: () => number, theirs: () => number): number {
  let leastMs = Number.POSITIVE_INFINITY;
  let offsetMs = 0;
  for (let reading = 0; reading < 3; reading++) {
    const before = ours();
    const there = theirs();
    const tookMs = ours() - before;
    if (tookMs >= leastMs) continue;
    leastMs = tookMs;
    offsetMs = there - before - tookMs / 2;
  }
  return offsetMs;
}

/** Milliseconds since this process started, with fractions: for measuring how long something took. */
export function elapsedMs(): number {
  return performance.now();
}

/** A wall time in milliseconds since 1970 as ISO 8601 in UTC: 2026-01-31T12:00:00.000Z. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** Resolves after `ms` milliseconds (24 days at most), or at once when `signal` aborts; never rejects. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(ms, longestMs));
    signal?.addEventListener("abort", end, { once: true });
  });
}

// Of a time in which all stood still so much counts as one part of a sleep takes.
const parts = 10;

/** As `sleep`, but a time in which this process stood still, as one that is frozen with all it looks after, counts for a tenth of `ms` at most. */
export async function sleepAwake(ms: number, signal?: AbortSignal): Promise<void> {
  for (let part = 0; part < parts && signal?.aborted !== true; part++)
    await sleep(ms / parts, signal);
}

/** Resolves when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
}

/** `ms` spread by ±`share` (0..1), so that many processes with one period do not act in step. */
export function jitter(ms: number, share: number): number {
  return ms * (1 - share + 2 * share * Math.random());
}

// A longer timer would fire at once. Whoever sleeps for weeks looks at the clock on waking anyway.
const longestMs = 2 ** 31 - 1;

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    // Without the kernel's own name for it, the minute the machine came up is the next best.
    return `up-${Math.round((Date.now() - uptimeMs()) / 60_000)}`;
  }
}

function uptimeMs(): number {
  // Node's own timer is the same clock that the C library reads, so that a swarm may mix the runtimes; the others
  // count theirs from the start of the process.
  const { bun, deno } = process.versions;
  if (bun === undefined && deno === undefined) return Number(process.hrtime.bigint()) / 1e6;
  // Loaded where nothing better is to be had: every command would pay for it.
  return process.getBuiltinModule("node:os").uptime() * 1000;
}
