// What is wrong with a configuration: all of it, as one error that names each place.
import type * as v from "valibot";
import { type Mistake, SkepError } from "../core/errors.ts";
import { clip } from "../core/text.ts";

/** Something that is wrong with the key at `path`. */
export interface Finding {
  path: readonly string[];
  /** What goes on after the key to make a sentence: "is not known". */
  what: string;
  hint?: string | undefined;
}

/** Where a key is written. */
export type Place = Pick<Mistake, "file" | "line" | "key"> & Partial<Pick<Mistake, "column">>;

type Issue = v.BaseIssue<unknown>;

/** What a schema found, but for keys that are missing only because they are misspelt beside it. */
export function findingsOf(issues: readonly Issue[]): Finding[] {
  // A number can be too small and not a whole one, which is said in the same words.
  const findings = new Map<string, Finding>();
  for (const issue of issues) {
    const [what, hint] = issue.message.split("\n");
    const path = (issue.path ?? []).map((item) => String(item.key));
    const isShown = what!.startsWith("must be") && issue.input !== undefined && !mayBeSecret(path);
    const shown = isShown ? shownValue(issue) : "";
    findings.set(JSON.stringify([path, what]), { path, what: what! + shown, hint });
  }
  const all = [...findings.values()];
  const meant = new Set(all.filter(({ what }) => what === "is not known").map(meantBy));
  return all.filter(({ path, what }) => what !== "is missing" || !meant.has(JSON.stringify(path)));
}

/**
 * The E_CONFIG error for `findings`, in the order of the file; `subject` says of what they are: "swarm.toml has".
 */
export function configFault(
  findings: readonly Finding[],
  placeOf: (path: readonly string[]) => Place,
  subject: string,
): SkepError {
  return faultOf(
    findings.map((finding) => mistakeAt(placeOf(finding.path), finding)),
    subject,
  );
}

/** The E_CONFIG error for `mistakes`. One of them is the message itself; of several the message is a list under a line that begins with `subject`. */
export function faultOf(found: readonly Mistake[], subject: string): SkepError {
  const mistakes = [...Map.groupBy(found, ({ file }) => file).values()].flatMap((ofFile) =>
    ofFile.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)),
  );
  const [first, ...others] = mistakes;
  if (others.length === 0)
    return new SkepError("E_CONFIG", first!.message, { hint: first!.hint ?? undefined, mistakes });
  const lines = mistakes.flatMap(({ message, hint }) =>
    hint === null ? [message] : [message, `  ${hint}`],
  );
  const heading = `${subject} ${mistakes.length} mistakes`;
  return new SkepError("E_CONFIG", [heading, ...lines].join("\n"), { mistakes });
}

/** What was found wrong with whatever is written at `place`. */
export function mistakeAt(place: Place, { what, hint }: Omit<Finding, "path">): Mistake {
  const { file, line, column = null, key } = place;
  const where = [file, line, column].filter((part) => part !== null).join(":");
  const subject = [where, key].filter((part) => part !== "").join(": ");
  return { file, line, column, key, message: `${subject} ${what}`, hint: hint ?? null };
}

/** The key that a misspelt one was probably meant to be, as the path to it. */
function meantBy({ path, hint }: Finding): string {
  const guess = /^Did you mean (.*)\?$/.exec(hint ?? "")?.[1] ?? "";
  return JSON.stringify([...path.slice(0, -1), guess]);
}

/** What is set for an agent may be a key or a password. */
function mayBeSecret([, , key]: readonly string[]): boolean {
  return key === "env";
}

function shownValue(issue: Issue): string {
  // JSON has neither whole numbers of that length nor those that are none.
  const isNumber = typeof issue.input === "bigint" || typeof issue.input === "number";
  const text = isNumber ? String(issue.input) : JSON.stringify(issue.input);
  return `, not ${clip(text ?? typeof issue.input, 60)}`;
}
