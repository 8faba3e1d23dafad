// The one error type of skep, its closed list of codes, and what each code means as an exit status.

/** Every way skep can refuse, with the exit status a door answers with (design, section 6). */
export const exitStatus = {
  E_INTERNAL: 1,
  E_USAGE: 2,
  E_CONFIG: 2,
  E_NAME: 2,
  E_BODY: 2,
  E_EMPTY: 3,
  E_NOT_FOUND: 3,
  E_FULL: 4,
  E_RATE: 4,
  E_DRAINING: 4,
  E_BUSY: 4,
  E_IDENTITY: 4,
  E_RUNNING: 4,
  E_STALE: 5,
  E_CONFLICT: 6,
  E_FILESYSTEM: 7,
  E_HOME: 7,
  E_ENGINE: 7,
  E_SCHEMA: 7,
  E_CORRUPT: 7,
  E_LOSS: 7,
  E_READONLY: 7,
  E_DISK: 7,
  E_FAILED: 8,
} as const;

export type ErrorCode = keyof typeof exitStatus;

/** One thing that is wrong with a configuration. */
export interface Mistake {
  /** The file it is in; null for a variable of the environment. */
  file: string | null;
  /** The line, from 1; null where there is none. */
  line: number | null;
  /** The column, from 1, where the grammar is broken; null for a key, which is easily found on its line. */
  column: number | null;
  /** The key, with dots between its parts, or the variable; empty for the whole file. */
  key: string;
  /** All of that and what is wrong, as a sentence. */
  message: string;
  hint: string | null;
}

export interface ErrorDetails {
  /** What to do next, as a sentence. */
  hint?: string | undefined;
  /** When it is worth trying again, in milliseconds from now. */
  retryAfterMs?: number | undefined;
  /** What is wrong one by one, where the message speaks of a whole configuration. */
  mistakes?: readonly Mistake[] | undefined;
  /** The key of a configuration that it is about. */
  at?: readonly string[] | undefined;
  cause?: unknown;
}

/** An expected refusal: what happened, to what, and what to do next. Anything else thrown is a bug. */
export class SkepError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly mistakes: readonly Mistake[] | undefined;
  readonly at: readonly string[] | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "SkepError";
    this.code = code;
    this.hint = details.hint;
    this.retryAfterMs = details.retryAfterMs;
    this.mistakes = details.mistakes;
    this.at = details.at;
  }
}

/** Whether `error` is a SkepError, and of one of the `codes` where any are named. */
export function isSkepError(error: unknown, ...codes: ErrorCode[]): error is SkepError {
  return error instanceof SkepError && (codes.length === 0 || codes.includes(error.code));
}
