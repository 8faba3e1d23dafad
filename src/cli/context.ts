// What a command has at hand besides its own arguments. Whatever takes time is only done when it is asked for.
import type { ConsolaInstance } from "consola/core";
import { readEnvironment } from "../config/environment.ts";
import { findHome } from "../config/home.ts";
import { loadSettings } from "../config/load.ts";
import type { Choices } from "../config/resolve.ts";
import type { Settings } from "../config/settings.ts";
import { SkepError } from "../core/errors.ts";
import { checkName } from "../core/names.ts";
import type { Secret } from "../core/secret.ts";
import { printable } from "../core/text.ts";
import { readBody, readLines } from "./input.ts";
import { type Output, doneAllTheSame, openOutput } from "./output.ts";
import type { Signals } from "./signals.ts";

export interface Context {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Whether to go on where messages that were accepted are missing. */
  readonly acceptLoss: boolean;
  /** Who acts: `--as`, else SKEP_AGENT; undefined when neither is given. */
  readonly as: string | undefined;
  /** SKEP_TOKEN: the proof that goes with a name. */
  readonly token: Secret | undefined;
  /** SKEP_RUN: the run of the swarm that started this process. */
  readonly run: string | undefined;
  /** Aborts at the first SIGINT or SIGTERM; a command that does not ask for it is simply ended by them. */
  readonly signal: AbortSignal;
  /** Aborts at the second; a command that does not ask for it is ended by that. */
  readonly urgent: AbortSignal;
  /** The directory of the swarm's state, not yet opened. E_NOT_FOUND when nobody named one and there is none. */
  home(): Promise<string>;
  /** The settings of that home. E_CONFIG when they do not fit. */
  settings(): Promise<Settings>;
  /** What flags and the environment choose among them. */
  readonly choices: Choices;
  /** Writes one line of data to standard output; resolves when it is written. Where that fails, what is `done` for good is told on standard error, `--quiet` or not. */
  data(line: string, done?: string): Promise<void>;
  /** Tells a person something, on standard error, unless `--quiet`. */
  say(text: string): void;
  /** The bytes of `text`, or of standard input when it is `-`. E_BODY beyond `bytesMax`. */
  readBody(text: string, bytesMax: number): Promise<Uint8Array>;
  /** The lines of standard input, as many at a time as have arrived; undefined for one beyond `bytesMax`. */
  readLines(bytesMax: number): AsyncGenerator<(Uint8Array | undefined)[], void, void>;
  /** consola, writing to standard error alone: the commentary of a command that works for long. */
  console(): Promise<ConsolaInstance>;
}

/** The values of the flags that every command has. */
export interface GlobalValues {
  home: string | undefined;
  as: string | undefined;
  set: readonly string[];
  envFile: string | undefined;
  json: boolean;
  quiet: boolean;
  acceptLoss: boolean;
}

export interface Outputs {
  stdout: Output;
  stderr: Output;
}

/** The standard output and standard error of this process. */
export function openOutputs(): Outputs {
  return { stdout: openOutput("stdout"), stderr: openOutput("stderr") };
}

/** The context of one command; `places` says where those of its variables are written that are from a file. E_NAME when the name to act under is none. */
export function createContext(
  values: GlobalValues,
  createsHome: boolean | "here",
  signals: Signals,
  { stdout, stderr }: Outputs,
  places: Choices["places"] = {},
): Context {
  const environment = readEnvironment();
  const as = values.as ?? environment.agent;
  if (as !== undefined) checkName(as, "agent");
  let home: Promise<string> | undefined;
  let settings: Promise<Settings> | undefined;

  const context: Context = {
    json: values.json,
    quiet: values.quiet,
    acceptLoss: values.acceptLoss,
    as,
    token: environment.token,
    run: environment.run,
    get signal() {
      return signals.signal;
    },
    get urgent() {
      return signals.urgent;
    },
    home: () => (home ??= locate()),
    choices: { variables: environment.settings, places, flags: values.set },
    settings: () => (settings ??= load()),
    async data(line, done) {
      try {
        await stdout.write(`${line}\n`);
      } catch (error) {
        throw done === undefined ? error : doneAllTheSame(error, done);
      }
    },
    say(text) {
      if (!values.quiet) tell(text);
    },
    readBody,
    readLines: (bytesMax) => readLines(bytesMax, signals.signal),
    async console() {
      const { openConsole } = await import("./console.ts");
      return openConsole(tell, values.quiet);
    },
  };

  function tell(text: string): void {
    // Nobody to tell is no reason to stop working.
    stderr.write(`${text.split("\n").map(printable).join("\n")}\n`).catch(() => {});
  }

  async function locate(): Promise<string> {
    const { unfitFilesystem } = await import("../app.ts");
    const found = findHome({
      flag: values.home,
      variable: environment.home,
      cwd: currentDirectory(),
      userHome: environment.userHome,
      create: createsHome,
      unsupported: unfitFilesystem,
    });
    if (found.note !== undefined) context.say(`skep: ${found.note}`);
    return found.path;
  }

  async function load(): Promise<Settings> {
    const warn = (text: string) => context.say(`skep: ${text}`);
    const home = await context.home();
    try {
      return await loadSettings(home, context.choices, warn);
    } catch (error) {
      // Whose home it is comes before what stands in it, and may be why that cannot be read.
      const { homeFault } = await import("../app.ts");
      const fault = homeFault(home);
      throw fault?.code === "E_HOME" ? fault : error;
    }
  }

  return context;
}

function currentDirectory(): string {
  try {
    return process.cwd();
  } catch {
    throw new SkepError("E_HOME", "the current directory does not exist any more", {
      hint: "Change to another directory.",
    });
  }
}
