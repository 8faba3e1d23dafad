// The words of `skep --help`, `skep help COMMAND` and `skep help exit`.
import { columns } from "./columns.ts";
import { type ArgsDef, type Command, type CommandTable } from "./command.ts";
import { flagName, globalArgs, internal } from "./command.ts";
import { placeName, usageLine, valueHint } from "./usage.ts";

/** The list of all commands, under their headings. */
export async function overview(table: CommandTable): Promise<string> {
  const parts = [
    "skep gives a swarm of local agents durable inboxes: one executable, one directory.",
    "Usage: skep COMMAND [ARGUMENTS] [FLAGS]",
  ];
  for (const [heading, entries] of Object.entries(table)) {
    if (heading === internal) continue;
    const loaded = await Promise.all(Object.values(entries).map((load) => load()));
    if (loaded.length === 0) continue;
    parts.push(
      section(
        heading,
        loaded.map(({ default: { name, summary } }) => [name, summary]),
      ),
    );
  }
  parts.push(section("Flags of every command", flagRows(globalArgs)));
  parts.push(
    section("More", [
      ["skep help COMMAND", "all about one command"],
      ["skep help exit", "what the exit statuses mean"],
      ["skep --version", "which skep this is"],
    ]),
  );
  return parts.join("\n\n");
}

/** All about one command. */
export function manual(command: Command): string {
  const parts = [`skep ${command.name}: ${command.summary}`, usageLine(command)];
  const rows = Object.entries(command.args).flatMap(([name, def]) =>
    def.type === "positional" ? [[placeName(name, def), def.description]] : [],
  );
  if (rows.length > 0) parts.push(section("Arguments", rows));
  const flags = flagRows(command.args);
  if (flags.length > 0) parts.push(section("Flags", flags));
  parts.push(section("Flags of every command", flagRows(globalArgs)));
  if (command.notes !== undefined) parts.push(command.notes.join("\n"));
  if (command.examples !== undefined)
    parts.push(
      section(
        "Examples",
        command.examples.map(([line, what]) => [line, what]),
      ),
    );
  parts.push("`skep help exit` says what the exit status means.");
  return parts.join("\n\n");
}

/** What each exit status means. */
export const exitHelp = [
  "The exit status of every command:",
  columns(
    [
      ["0", "done"],
      ["1", "an unexpected fault: a bug in skep"],
      ["2", "a usage error or an invalid configuration"],
      ["3", "nothing there: no message in time, an unknown name or id"],
      ["4", "refused for now: full, too fast, draining, busy"],
      ["5", "a stale receipt"],
      ["6", "a conflict: the key was used with another message"],
      ["7", "storage: disk full, damaged, read-only, an unfit file system or engine"],
      ["8", "the work failed"],
      ["130, 143", "ended by SIGINT, SIGTERM"],
      ["141", "whoever read the output is gone, as with `skep inboxes | head -1`"],
    ],
    "  ",
  ),
  "With --json an error is one line on standard error:",
  '  {"error":{"code":"E_FULL","message":"…","hint":"…","retry_after_ms":120}}',
].join("\n\n");

function section(heading: string, rows: readonly (readonly string[])[]): string {
  return `${heading}:\n${columns(rows, "  ")}`;
}

function flagRows(args: ArgsDef): string[][] {
  return Object.entries(args).flatMap(([name, def]) => {
    if (def.type === "positional") return [];
    const short = def.alias === undefined ? "" : `-${def.alias}, `;
    const hint = def.type === "boolean" ? "" : ` ${valueHint(name, def)}`;
    const usual = def.type === "boolean" || !def.default ? "" : ` (default ${def.default})`;
    return [[`${short}--${flagName(name)}${hint}`, `${def.description}${usual}`]];
  });
}
