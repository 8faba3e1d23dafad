// What a command of skep is made of. A command's own file says all of it in one place.
import type { Context } from "./context.ts";

/** A word that stands by its place: `TO` in `skep send TO`. */
export interface PositionalDef {
  readonly type: "positional";
  readonly description: string;
  /** Left out: required. */
  readonly required?: boolean;
  /** Takes every word that is left, as a list; only for the last one. */
  readonly many?: true;
  /** The only words that fit here: the verbs of a command that has several (`skep dead retry`). */
  readonly options?: readonly string[];
}

interface FlagDef {
  readonly description: string;
  /** One letter: `q` for `-q`. */
  readonly alias?: string;
}

export interface BooleanDef extends FlagDef {
  readonly type: "boolean";
}

interface ValueDef extends FlagDef {
  /** What stands for the value in the help: `INBOX` in `--reply-to INBOX`. */
  readonly valueHint?: string;
  readonly required?: boolean;
  /** The value as one would write it. */
  readonly default?: string;
}

export interface StringDef extends ValueDef {
  readonly type: "string";
  /** May be given several times; the values are a list. */
  readonly many?: true;
}

export interface EnumDef extends ValueDef {
  readonly type: "enum";
  readonly options: readonly string[];
}

/** Written as 500ms, 5s, 2m, 1h; handed over in milliseconds. */
export interface DurationDef extends ValueDef {
  readonly type: "duration";
}

/** A whole number within bounds. */
export interface WholeDef extends ValueDef {
  readonly type: "whole";
  readonly least: number;
  readonly most: number;
}

export type ArgDef = PositionalDef | BooleanDef | StringDef | EnumDef | DurationDef | WholeDef;

/** By name in camelCase, as the command reads them; on the command line `onFull` is `--on-full`. */
export type ArgsDef = Readonly<Record<string, ArgDef>>;

type Given<Def extends ArgDef> = Def extends { many: true }
  ? readonly string[]
  : Def extends { type: "boolean" }
    ? boolean
    : Def extends { type: "duration" | "whole" }
      ? number
      : Def extends { options: readonly (infer Option)[] }
        ? Option
        : string;

// A list is empty and a boolean false when there is none; a word that stands by its place is there unless it may be left out.
type Optional<Def extends ArgDef> = Def extends { many: true } | { type: "boolean" }
  ? false
  : Def extends { default: string } | { required: true }
    ? false
    : Def extends { type: "positional" }
      ? Def extends { required: false }
        ? true
        : false
      : true;

/** What a command gets for its `args`. */
export type Values<Defs extends ArgsDef> = {
  readonly [Name in keyof Defs]:
    Given<Defs[Name]> | (Optional<Defs[Name]> extends true ? undefined : never);
};

export interface Command<Defs extends ArgsDef = ArgsDef> {
  readonly name: string;
  /** One line for the list of commands, without a full stop. */
  readonly summary: string;
  /** What else is worth knowing, a line each. */
  readonly notes?: readonly string[];
  readonly args: Defs;
  /** Whole command lines, each with what it is for. */
  readonly examples?: readonly (readonly [line: string, what: string])[];
  /** Whether a home that nobody named is made where none is found (`up`), or in this very directory (`init`). */
  readonly createsHome?: boolean | "here";
  /** Does the work. Answers the exit status when it is not 0; throws a SkepError for an expected refusal. */
  run(context: Context, args: Values<Defs>): Promise<number | void>;
}

/** A command, its `run` typed by its `args`. */
export function defineCommand<const Defs extends ArgsDef>(command: Command<Defs>): Command {
  return command as unknown as Command;
}

/** How a command is found: its heading in the help, its name, and the file it is loaded from when it is used. */
export type CommandTable = Readonly<Record<string, Readonly<Record<string, CommandLoader>>>>;
export type CommandLoader = () => Promise<{ default: Command }>;

/** The heading of commands that skep calls itself; the help does not show them. */
export const internal = "internal";

/** The flags that every command has. */
export const globalArgs = {
  home: {
    type: "string",
    valueHint: "DIR",
    description: "the directory of the swarm's state (SKEP_HOME)",
  },
  as: { type: "string", valueHint: "NAME", description: "the name to act under (SKEP_AGENT)" },
  set: {
    type: "string",
    valueHint: "KEY=VALUE",
    many: true,
    description: "a setting for this once, such as bus.lease=30s; may be given several times",
  },
  envFile: {
    type: "string",
    valueHint: "FILE",
    description: "take variables of the environment from FILE, where they are not set",
  },
  json: { type: "boolean", description: "answer in JSON, errors too" },
  quiet: { type: "boolean", alias: "q", description: "no commentary: answers and errors alone" },
  acceptLoss: {
    type: "boolean",
    description: "go on where messages that were accepted are missing",
  },
  help: { type: "boolean", alias: "h", description: "show this help" },
} as const satisfies ArgsDef;

/** `onFull` as it is typed: `on-full`. */
export function flagName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
