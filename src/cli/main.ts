// The door of the command line: finds the command, runs it, and answers with an exit status.
import type { EnvFile } from "../config/env-file.ts";
import { addVariables, readEnvironment } from "../config/environment.ts";
import { SkepError, exitStatus } from "../core/errors.ts";
import { didYouMean } from "../core/names.ts";
import { readArguments, takesNextWord } from "./arguments.ts";
import { type Command, type CommandTable, globalArgs, internal } from "./command.ts";
import { commands } from "./commands.ts";
import { type GlobalValues, type Outputs, createContext, openOutputs } from "./context.ts";
import { describe, isOnlyAbsence, statusOf } from "./failure.ts";
import { OutputClosed } from "./output.ts";
import { type Signals, openSignals } from "./signals.ts";
import { isTerminal } from "./terminal.ts";
import { usageLine } from "./usage.ts";

/** 128 and the number of SIGPIPE: what other programs end with when nobody reads what they write. */
const closedPipeStatus = 141;

/** Runs the command that `words` name, and ends the process with its exit status. */
export async function main(
  words: readonly string[],
  table: CommandTable = commands,
): Promise<never> {
  const outputs = openOutputs();
  const signals = openSignals((status) => process.exit(status));
  // Whatever goes wrong while that is told, an error never ends with 0.
  const end = (error: unknown) =>
    fail(error, words, signals, outputs).catch(() => exitStatus.E_INTERNAL);
  // What goes wrong where no command is waiting for it ends like everything else: in one line.
  for (const event of ["uncaughtException", "unhandledRejection"] as const)
    process.on(event, async (error: unknown) => {
      process.exit(await end(error));
    });
  let status: number;
  try {
    status = (await run(words, table, signals, outputs)) ?? signals.status ?? 0;
    await outputs.stdout.write("");
  } catch (error) {
    status = await end(error);
  }
  await outputs.stderr.write("").catch(() => {});
  // Timers, sockets and pipes that are still open must not keep anybody waiting.
  process.exit(status);
}

async function run(
  words: readonly string[],
  table: CommandTable,
  signals: Signals,
  outputs: Outputs,
): Promise<number | void> {
  const { before, name, after } = splitAtCommand(words);
  if (name === "help" || (name === undefined && !(await asksForVersion(before))))
    return outputs.stdout.write(`${await helpText(before, after, table)}\n`);
  const command = await load(name ?? "version", table, before);
  const own =
    name === undefined ? before.filter((word) => word !== "--version") : [...before, ...after];
  if (asksForHelp(own)) {
    const { manual } = await import("./help.ts");
    return outputs.stdout.write(`${manual(command)}\n`);
  }
  const args = { ...globalArgs, ...command.args };
  const values = await readArguments(args, own, usageLine(command));
  const given = values as unknown as GlobalValues;
  const { places, warning } = await addEnvFile(given.envFile);
  const context = createContext(given, command.createsHome ?? false, signals, outputs, places);
  if (warning !== undefined) context.say(`skep: ${warning}`);
  return command.run(context, values as never);
}

/** Sets what the file at `path` says, where it is not set yet; where each of that is written. */
async function addEnvFile(path: string | undefined): Promise<Pick<EnvFile, "places" | "warning">> {
  if (path === undefined) return { places: {}, warning: undefined };
  const { readEnvFile } = await import("../config/env-file.ts");
  const { variables, places, warning } = readEnvFile(path);
  const added = addVariables(variables);
  return { places: Object.fromEntries(added.map((name) => [name, places[name]!])), warning };
}

/** The words before the name of the command, the name, and the words after it. */
function splitAtCommand(words: readonly string[]) {
  let at = 0;
  while (at < words.length && words[at]!.startsWith("-")) {
    at += takesNextWord(globalArgs, words[at]!) ? 2 : 1;
  }
  return { before: words.slice(0, at), name: words[at], after: words.slice(at + 1) };
}

const rootArgs = {
  ...globalArgs,
  version: { type: "boolean", description: "which skep this is" },
} as const;

async function asksForVersion(before: readonly string[]): Promise<boolean> {
  const { version, help } = await readArguments(rootArgs, before, "See `skep help`.");
  return version === true && help !== true;
}

function asksForHelp(words: readonly string[]): boolean {
  return flagWords(words).some((word) => word === "--help" || word === "-h");
}

/** The words that may be flags: those before `--`. */
function flagWords(words: readonly string[]): readonly string[] {
  const end = words.indexOf("--");
  return end < 0 ? words : words.slice(0, end);
}

async function helpText(
  before: readonly string[],
  after: readonly string[],
  table: CommandTable,
): Promise<string> {
  const args = {
    ...globalArgs,
    topic: { type: "positional", required: false, description: "a command, or `exit`" },
  } as const;
  const { topic } = await readArguments(args, [...before, ...after], "Usage: skep help [COMMAND]");
  const { exitHelp, manual, overview } = await import("./help.ts");
  if (topic === undefined || asksForHelp(after)) return overview(table);
  return topic === "exit" ? exitHelp : manual(await load(String(topic), table));
}

async function load(
  name: string,
  table: CommandTable,
  before: readonly string[] = [],
): Promise<Command> {
  const loaders = new Map(Object.values(table).flatMap((entries) => Object.entries(entries)));
  const loader = loaders.get(name);
  if (loader !== undefined) return (await loader()).default;
  // What looks like the command may be the value of a flag that nobody knows.
  await readArguments(rootArgs, before, "See `skep help`.");
  const shown = Object.entries(table).filter(([heading]) => heading !== internal);
  const names = shown.flatMap(([, entries]) => Object.keys(entries));
  throw new SkepError("E_USAGE", `there is no command ${JSON.stringify(name)}`, {
    hint: didYouMean(name, names) ?? "`skep help` lists the commands.",
  });
}

/** Tells what went wrong, and answers the exit status for it. */
async function fail(
  error: unknown,
  words: readonly string[],
  signals: Signals,
  { stderr }: Outputs,
): Promise<number> {
  const isClosed = error instanceof OutputClosed;
  // A terminal that is gone told it so before: that is why it ends.
  const status = isClosed ? (signals.status ?? closedPipeStatus) : statusOf(error);
  const told = isClosed ? error.told : error;
  if (told === undefined) return status;
  // Asked to stop, a command stops waiting, and says that it did not get what it waited for. Nobody wants to know.
  const hasStopped = signals.status !== undefined && (status === 3 || status === 4);
  if (hasStopped && isOnlyAbsence(told)) return signals.status;
  const { colour, debug } = readEnvironment();
  const options = {
    json: flagWords(words).includes("--json"),
    colour: colour && (await isTerminal(2)),
    debug,
  };
  await stderr.write(describe(told, options)).catch(() => {});
  return hasStopped ? signals.status : status;
}
