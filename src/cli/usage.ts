// How a command is called, in one line. Apart from the rest of the help, for every command has it at hand.
import { type ArgDef, type Command, flagName } from "./command.ts";

/** How a command is called, in one line: `Usage: skep send TO [BODY] [FLAGS]`. */
export function usageLine({ name, args }: Pick<Command, "name" | "args">): string {
  const words = ["Usage: skep", name];
  for (const [arg, def] of Object.entries(args)) {
    if (def.type === "positional")
      words.push(def.required === false ? `[${placeName(arg, def)}]` : placeName(arg, def));
    else if (def.type !== "boolean" && def.required)
      words.push(`--${flagName(arg)} ${valueHint(arg, def)}`);
  }
  return `${words.join(" ")} [FLAGS]`;
}

/** What stands for the value of a flag: `INBOX` in `--reply-to INBOX`. */
export function valueHint(
  name: string,
  def: Exclude<ArgDef, { type: "positional" | "boolean" }>,
): string {
  if (def.valueHint !== undefined) return def.valueHint;
  if (def.type === "enum") return def.options.join("|");
  if (def.type === "duration") return "DURATION";
  return def.type === "whole" ? "N" : flagName(name).toUpperCase();
}

/** What stands for a word that has its place: `TO`, `WORDS...`, `list|drop`. */
export function placeName(name: string, def: ArgDef): string {
  if (def.type === "positional" && def.options !== undefined) return def.options.join("|");
  const word = flagName(name).toUpperCase();
  return def.type === "positional" && def.many ? `${word}...` : word;
}
