// How large the write-ahead log may grow. Whoever reads an old state of the database for long keeps the log from being
// copied back and begun anew; then what adds work has to wait, before the disk is full.
import { statSync } from "node:fs";
import { elapsedMs } from "../core/clock.ts";
import { SkepError } from "../core/errors.ts";
import { findLastingReader } from "./lock-holder.ts";

/** The most that it grows to by itself, and is cut to when it is begun anew. */
export const usualLogBytes = 32 * 1024 * 1024;

/** Where whatever adds work is refused. */
export const logBytesMax = 256 * 1024 * 1024;

const everyMs = 100;

/** How long the log of the database at `path` is; 0 when there is none. */
export function logBytes(path: string): number {
  return statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * What to call before a write that adds work to the database at `path`: it throws E_BUSY, and names the reader where it can be seen,
 * while the log is longer than `bytesMax` and `copyBack`, which answers whether all of it is copied, does not help.
 */
export function limitLog(
  path: string,
  bytesMax: number,
  copyBack: () => boolean,
): () => Promise<void> | void {
  let goodMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = elapsedMs();
    if (nowMs - goodMs < everyMs) return;
    // What is copied back is overwritten by the next commit, from its beginning.
    if (logBytes(path) > bytesMax && !copyBack()) return refuse(path);
    goodMs = nowMs;
  };
}

async function refuse(path: string): Promise<never> {
  const reader = await findLastingReader(path);
  const who = reader === undefined ? "a reader" : `process ${reader.pid} (${reader.command})`;
  const size = Math.round(logBytes(path) / 1024 / 1024);
  throw new SkepError(
    "E_BUSY",
    `the log of ${path} has grown to ${size} MiB, because ${who} reads an old state of it`,
    {
      hint: "End that reader, or the transaction it forgot; then the log is copied back, and begun anew.",
      retryAfterMs: 1_000,
    },
  );
}
