// An error as a program or a person gets to see it, and as an exit status.
import { type ErrorCode, type Mistake, exitStatus, isSkepError } from "../core/errors.ts";
import { printable } from "../core/text.ts";

export interface FailureOptions {
  json: boolean;
  /** Whether colour is welcome where the text goes. */
  colour: boolean;
  /** Whether to say where in the program the error came from. */
  debug: boolean;
}

interface Failure {
  code: ErrorCode;
  message: string;
  hint: string | undefined;
  retryAfterMs: number | undefined;
  mistakes: readonly Mistake[] | undefined;
}

/** The exit status for `error`: 1 for what nobody expected. */
export function statusOf(error: unknown): number {
  return exitStatus[failureOf(error).code];
}

/** Whether `error` says that something is not there, or not now: whoever has given up waiting for it knows. What has begun and goes on is news to them. */
export function isOnlyAbsence(error: unknown): boolean {
  const { code, retryAfterMs } = failureOf(error);
  return exitStatus[code] === 3 || (exitStatus[code] === 4 && retryAfterMs !== undefined);
}

/** The lines for standard error that describe `error`: one JSON object, or a sentence and what to do about it. */
export function describe(error: unknown, options: FailureOptions): string {
  const failure = failureOf(error);
  const trace = options.debug ? `${traceOf(error)}\n` : "";
  return trace + (options.json ? asJson(failure) : asText(failure, options.colour));
}

function failureOf(error: unknown): Failure {
  if (isSkepError(error)) return error;
  if (isOutOfFiles(error))
    return {
      code: "E_FAILED",
      message: `too many files are open here (ulimit -n): ${error.message}`,
      hint: "Raise it with ulimit -n, and try again.",
      retryAfterMs: undefined,
      mistakes: undefined,
    };
  const what = error instanceof Error ? error.message : String(error);
  return {
    code: "E_INTERNAL",
    message: `this is a bug: ${what.split("\n")[0] || "an error without a message"}`,
    hint: "Please report it with what you did; SKEP_DEBUG=1 shows where it happened.",
    retryAfterMs: undefined,
    mistakes: undefined,
  };
}

/** Whether the system had no file left to give, which may happen wherever one is opened. */
function isOutOfFiles(error: unknown): error is Error {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return error instanceof Error && (code === "EMFILE" || code === "ENFILE");
}

function asJson({ code, message, hint, retryAfterMs, mistakes }: Failure): string {
  // Only a configuration has mistakes to list, so only its errors have that key.
  const error = {
    code,
    message,
    hint: hint ?? null,
    retry_after_ms: retryAfterMs ?? null,
    mistakes,
  };
  return `${JSON.stringify({ error })}\n`;
}

function asText({ message, hint }: Failure, colour: boolean): string {
  const name = colour ? "\u001b[31mskep:\u001b[0m" : "skep:";
  const [first, ...rest] = [...linesOf(message), ...linesOf(hint ?? "")];
  return [`${name} ${first}`, ...rest.map((line) => `  ${line}`)].join("\n") + "\n";
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.split("\n").map(printable);
}

function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by ${traceOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
