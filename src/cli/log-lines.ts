// Lines of logs as people and programs see them, each with whose it is.
import { type LogsQuestion, readLogs } from "../agents/logs.ts";
import { readEnvironment } from "../config/environment.ts";
import { clip, printable } from "../core/text.ts";
import type { Context } from "./context.ts";
import { isTerminal } from "./terminal.ts";

export interface LogLook {
  /** Whose lines are expected: it is said of each line whose it is; undefined: it goes without saying. */
  names: readonly string[] | undefined;
  /** Whether what drives a terminal is left in. */
  raw: boolean;
}

/** Writes what `question` asks for to standard output, until there is no more: how many lines. E_NOT_FOUND as `readLogs`. */
export async function writeLogs(
  context: Context,
  question: LogsQuestion,
  { names, raw }: LogLook,
): Promise<number> {
  const colour = readEnvironment().colour && (await isTerminal(1));
  const prefixOf = names === undefined ? () => "" : prefixes(names, colour);
  let count = 0;
  for await (const lines of readLogs(question)) {
    count += lines.length;
    const shown = lines.map(({ agent, text }) => {
      if (context.json) return JSON.stringify({ agent, text });
      return prefixOf(agent) + (raw ? text : harmless(text));
    });
    await context.data(shown.join("\n"));
  }
  return count;
}

/** `text` as a person may see it: of a readable length, without what only says how it looks on a terminal, and with all else that drives one as an escape. */
export function harmless(text: string): string {
  const left = text.length - widthMax;
  if (left > 0)
    return `${harmless(clip(text, widthMax))} (${left} characters more; --raw or --json shows them)`;
  // What is written over what stood there follows it.
  return printable(
    text
      .replace(looks, "")
      .replace(/^\r+|\r+$/g, "")
      .replace(/\r+/g, " "),
  );
}

// A flood without a line end would bury all other lines.
const widthMax = 10_000;

// Colours, modes, character sets, and the rest of a line that is cleared: nothing that a person could miss, and in most
// of what is written for a terminal.
// oxlint-disable-next-line no-control-regex
const looks = /\u001b(?:\[(?:[\d;:]*m|\?[\d;]+[hl]|K)|\(B|[=>])/g;

// Those that can be read on dark and on light.
const palette = [36, 33, 32, 35, 34, 31];

function prefixes(names: readonly string[], colour: boolean): (agent: string) => string {
  const codes = new Map<string, number>();
  let width = Math.max(0, ...names.map((name) => name.length));
  return (agent) => {
    width = Math.max(width, agent.length);
    const padded = `${agent.padEnd(width)} | `;
    if (!colour) return padded;
    const code = codes.get(agent) ?? palette[codes.size % palette.length]!;
    codes.set(agent, code);
    return `\u001b[${code}m${padded}\u001b[0m`;
  };
}
