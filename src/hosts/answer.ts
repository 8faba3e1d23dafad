// What a program answers when it has done its work: a reply, and messages to send.
import { draftOf } from "../bus/draft-line.ts";
import type { Draft } from "../bus/message.ts";
import type { Reply } from "../bus/reply.ts";
import { SkepError } from "../core/errors.ts";
import { didYouMean } from "../core/names.ts";
import { bytesOf } from "../core/text.ts";

export interface Answer {
  reply?: Reply | undefined;
  send: Draft[];
}

/** The `reply` (text) and `send` (a message or a list of them) of `given`; neither has to be there. E_USAGE for what is neither, or not what it should be. */
export function answerOf(given: Readonly<Record<string, unknown>>): Answer {
  onlyKeys(given, ["reply", "send"]);
  const { reply, send } = given;
  const answer: Answer = { send: send == null ? [] : [send].flat().map(draftOf) };
  if (reply == null) return answer;
  if (typeof reply !== "string") throw wrong("reply has to be a text");
  return { ...answer, reply: { body: bytesOf(reply) } };
}

/** Throws E_USAGE when `given` has a key that is not among `keys`: a slip of the pen must not lose an answer. */
export function onlyKeys(given: Readonly<Record<string, unknown>>, keys: readonly string[]): void {
  for (const key of Object.keys(given))
    if (!keys.includes(key))
      throw wrong(`an answer has no ${JSON.stringify(key)}`, didYouMean(key, keys));
}

function wrong(what: string, hint?: string): SkepError {
  return new SkepError("E_USAGE", what, { hint });
}
