// Writing to a pipe that may be slow, full or gone, without losing a byte and without going deaf meanwhile.
import { fstatSync, writeSync } from "node:fs";
import { SkepError, isSkepError } from "../core/errors.ts";
import { bytesOf } from "../core/text.ts";

export interface Output {
  /**
   * Resolves when all that was written so far is handed to the kernel; at once when that is nothing. Rejects with
   * OutputClosed when the reader is gone, and with E_DISK when there is no room.
   */
  write(text: string): Promise<void>;
}

/** Whoever read our output is gone: nothing is wrong, and there is nobody to tell. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
  /** What somebody has to hear all the same, on standard error. */
  readonly told: SkepError | undefined;

  constructor(message: string, told?: SkepError) {
    super(message);
    this.told = told;
  }
}

/** `error`, for which an answer could not be written, with what is `done` for good all the same: whoever hears of a failure alone would do it again. */
export function doneAllTheSame(error: unknown, done: string): unknown {
  if (error instanceof OutputClosed) return new OutputClosed(error.message, telling(error, done));
  return isSkepError(error) ? telling(error, done) : error;
}

function telling(
  { message, hint }: Error & { hint?: string | undefined },
  done: string,
): SkepError {
  const words = ["It stays done: do not repeat it.", hint].filter((word) => word !== undefined);
  return new SkepError("E_DISK", `${done}, but ${message}`, { hint: words.join(" ") });
}

type Stream = "stdout" | "stderr";

/** The standard output or the standard error of this process. */
export function openOutput(stream: Stream): Output {
  const writeAll = writerOf(stream);
  let waiting = "";
  let writing: Promise<void> | undefined;
  let broken: Error | undefined;

  const drain = async () => {
    try {
      while (waiting !== "") {
        const text = waiting;
        waiting = "";
        await writeAll(text);
      }
    } catch (error) {
      waiting = "";
      // Something is lost for good, so whoever writes or asks later has to hear of it too.
      broken = writeFault(stream, error);
      throw broken;
    } finally {
      // In the same breath as the last look at `waiting`, or a text could slip in between and stay there.
      writing = undefined;
    }
  };

  return {
    write(text) {
      if (broken !== undefined) return Promise.reject(broken);
      waiting += text;
      if (writing === undefined && waiting !== "") writing = drain();
      return writing ?? Promise.resolve();
    },
  };
}

function writerOf(stream: Stream): (text: string) => Promise<unknown> {
  const fd = numberOf(stream);
  // Where there is no room left, Node's own stream for a file writes what fits and calls that a success; where no thread
  // can be started, Bun's never gets done.
  if (isFile(fd)) return async (text) => writeToFile(fd, text);
  if (process.versions.bun !== undefined) {
    // `process.stdout` costs 3 ms to make and switches a pipe that others share to non-blocking.
    const file = Bun[stream];
    return (text) => Bun.write(file, text);
  }
  return (text) =>
    new Promise((resolve, reject) => {
      // What goes wrong is told to the callback; a stream with nobody to hear of it would end the process.
      if (process[stream].listenerCount("error") === 0) process[stream].on("error", () => {});
      process[stream].write(text, (error) => (error ? reject(error) : resolve(undefined)));
    });
}

function numberOf(stream: Stream): number {
  return stream === "stdout" ? 1 : 2;
}

function isFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile();
  } catch {
    // It is closed: whoever writes hears of it.
    return false;
  }
}

function writeToFile(fd: number, text: string): void {
  let left = bytesOf(text);
  while (left.length > 0) left = left.subarray(writeSync(fd, left));
}

function writeFault(stream: Stream, error: unknown): Error {
  const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
  // A terminal that is gone says EIO, as a broken disk does.
  const isGone = code === "EIO" && !isFile(numberOf(stream));
  if (isGone || code === "EPIPE" || code === "ECONNRESET")
    return new OutputClosed(`${stream} is closed`);
  return new SkepError("E_DISK", `${stream} cannot be written to (${code})`, {
    hint: "Check where the output goes: a full disk, or a limit on the size of files.",
  });
}
