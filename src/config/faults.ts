// What is wrong with a configuration, as one error that names the place.
import type * as v from "valibot";
import { SkepError } from "../core/errors.ts";
import { clip } from "../core/text.ts";

type Issue = v.BaseIssue<unknown>;

/**
 * The E_CONFIG error for the first of `issues` that says most; `place` puts a key's path into words, such as
 * `skep.toml: bus.lease`. An unknown key goes first, for it is often why another one is missing.
 */
export function configFault(
  issues: readonly [Issue, ...Issue[]],
  place: (path: readonly string[]) => string,
): SkepError {
  const issue = issues.find((each) => each.expected === "never") ?? issues[0];
  const path = (issue.path ?? []).map((item) => String(item.key));
  const [what, hint] = issue.message.split("\n");
  const shown = what!.startsWith("must be") && issue.input !== undefined ? shownValue(issue) : "";
  return new SkepError("E_CONFIG", `${place(path)} ${what}${shown}`, { hint });
}

function shownValue(issue: Issue): string {
  const text = typeof issue.input === "bigint" ? `${issue.input}` : JSON.stringify(issue.input);
  return `, not ${clip(text ?? typeof issue.input, 60)}`;
}
