// A program with its arguments: a list, never a line for a shell.
import * as v from "valibot";
import { text } from "./values.ts";

/** The same where there may be none: then the list is empty. */
export const programOrNone = v.pipe(
  v.array(
    text(),
    'must be a list: the program, then its arguments\nWrite it as a list: ["sh", "tell.sh"]',
  ),
  v.check((words) => words[0] !== "", "must start with the program to run"),
);

/** A list of the program and its arguments. */
export const programCall = v.pipe(
  v.array(text(), (issue) => {
    const message = "must be a list: the program, then its arguments";
    const words = typeof issue.input === "string" ? issue.input.split(/\s+/) : ["sh", "worker.sh"];
    return `${message}\nWrite it as a list: command = ${JSON.stringify(words)}`;
  }),
  v.check((words) => (words[0] ?? "") !== "", "must start with the program to run"),
);
