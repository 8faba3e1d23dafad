// How one finds out that an agent is ready to work, and that it is still alive.
import * as v from "valibot";
import { didYouMean } from "../../core/names.ts";
import { programCall } from "./program.ts";
import { type Rule, anyTable, duration, editors, rules, table, text, whole } from "./values.ts";

const words = ["start", "beat"] as const;
const readyForms = 'start, beat, { log = "text" } or { command = ["program"] }';

const readyWord = v.picklist(words, ({ input }) => {
  const guess = didYouMean(String(input), words);
  return `must be ${readyForms}${guess === undefined ? "" : `\n${guess}`}`;
});

const readySign = v.pipe(
  anyTable(readyForms),
  table({
    log: v.optional(v.pipe(text(), v.regex(/^[^\n]+$/, "must be text of one line"))),
    command: v.optional(programCall),
  }),
  rules([
    {
      key: "log",
      and: ["command"],
      holds: ({ log, command }) => log !== undefined || command !== undefined,
      message: 'is missing\nSay what to wait for: { log = "text" } or { command = ["program"] }',
    },
    {
      key: "log",
      and: ["command"],
      holds: ({ log, command }) => log === undefined || command === undefined,
      message: "does not go with command\nAn agent is made ready by one thing.",
    },
  ]),
);

/** `ready`: a word, a line of output to wait for, or a command that has to succeed. */
export const ready = v.pipe(
  v.lazy((given): typeof readyWord | typeof readySign =>
    typeof given === "string" ? readyWord : readySign,
  ),
  editors({}, [readyWord, readySign]),
);

const liveKeys = table({
  command: v.optional(programCall),
  every: v.optional(duration(100)),
  timeout: v.optional(duration(10)),
  failures: v.optional(whole(1, 1_000)),
  beat: v.optional(duration(100)),
});

type LiveKeys = v.InferOutput<typeof liveKeys>;

function onlyWithCommand(key: keyof LiveKeys): Rule<LiveKeys> {
  return {
    key,
    and: ["beat"],
    holds: (given) => given[key] === undefined || given.beat === undefined,
    message: "goes only with command\nTo look for beats there is nothing more to say.",
  };
}

/** `live`: a command that has to succeed again and again, or how often the program has to call `skep beat`. */
export const live = v.pipe(
  liveKeys,
  rules([
    {
      key: "command",
      and: ["beat"],
      holds: ({ command, beat }) => command !== undefined || beat !== undefined,
      message: 'is missing\nSay how to look: { command = ["program"] } or { beat = "60s" }',
    },
    {
      key: "beat",
      and: ["command"],
      holds: ({ command, beat }) => command === undefined || beat === undefined,
      message: "does not go with command\nUse one of the two.",
    },
    ...(["every", "timeout", "failures"] as const).map(onlyWithCommand),
  ]),
);
