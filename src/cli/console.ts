// The running commentary of a command that works for long: consola, on our own standard error.
import { type ConsolaInstance, LogLevels, createConsola } from "consola/core";

const marks: Record<string, string> = {
  fatal: "error: ",
  error: "error: ",
  warn: "warning: ",
  success: "done: ",
};

/** A console whose every line goes through `say`; with `quiet` only errors do. */
export function openConsole(say: (text: string) => void, quiet: boolean): ConsolaInstance {
  return createConsola({
    level: quiet ? LogLevels.error : LogLevels.info,
    // consola's own reporters write to the streams of the process, and load what takes 15 ms to load.
    reporters: [
      { log: ({ type, args }) => say(`${marks[type] ?? ""}${args.map(worded).join(" ")}`) },
    ],
  });
}

function worded(value: unknown): string {
  return value instanceof Error ? value.message : String(value);
}
