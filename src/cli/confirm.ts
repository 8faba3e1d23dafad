// Asking before something is gone for good.
import { SkepError } from "../core/errors.ts";
import { textOf } from "../core/text.ts";
import type { Context } from "./context.ts";
import { isTerminal } from "./terminal.ts";

/** Whether the person at the terminal says yes to `question`. E_USAGE when nobody is there to ask: then it takes `--yes`. */
export async function confirmed(context: Context, question: string): Promise<boolean> {
  if (context.quiet || !(await isTerminal(0)) || !(await isTerminal(2)))
    throw new SkepError("E_USAGE", `nobody is there to ask: ${question}`, {
      hint: "Write --yes if you are sure.",
    });
  context.say(`${question} [y/N]`);
  for await (const [line] of context.readLines(100))
    return line !== undefined && /^\s*y(es)?\s*$/i.test(textOf(line) ?? "");
  return false;
}
