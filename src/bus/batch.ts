// A batch: how each of its messages went, and how one of them is spoken of when it keeps the others back.
import { SkepError, isSkepError } from "../core/errors.ts";
import type { Draft, Sent } from "./message.ts";

/** How one line of a batch went. */
export type Outcome = Sent | SkepError;

/** What the message at `index` is called where it came from: "line 3". */
export type NameOf = (index: number) => string;

/** `error` with the name of the message at `index` before it; as it is when they have no names. */
export function naming(error: SkepError, index: number, nameOf: NameOf | undefined): SkepError {
  if (nameOf === undefined) return error;
  const { code, message, hint, retryAfterMs } = error;
  return new SkepError(code, `${nameOf(index)}: ${message}`, { hint, retryAfterMs });
}

/**
 * Why the first of `drafts` that has no outcome keeps all of them back: `error`, or the message among them that had its key first. That one
 * has an id that nobody will ever see, for it goes back with the others.
 */
export function keepsBack(
  error: SkepError,
  drafts: readonly Draft[],
  outcomes: readonly Outcome[],
  nameOf?: NameOf,
): SkepError {
  const index = outcomes.length;
  const draft = drafts[index]!;
  const first = isSkepError(error, "E_CONFLICT")
    ? outcomes.findIndex((outcome, at) => drafts[at]!.key === draft.key && isNew(outcome))
    : -1;
  if (first === -1) return naming(error, index, nameOf);
  const other = nameOf?.(first) ?? `message ${first + 1} of the batch`;
  const what = `the key ${JSON.stringify(draft.key)} is also that of ${other}, which is another message`;
  return naming(new SkepError(error.code, what, { hint: error.hint }), index, nameOf);
}

function isNew(outcome: Outcome): boolean {
  return !isSkepError(outcome) && outcome.already === undefined;
}
