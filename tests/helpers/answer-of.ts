// What a call comes to, to be held against what it should.
import { isSkepError } from "../../src/core/errors.ts";

/** The answer of `work`, or the code that it was refused with. Throws what is no refusal. */
export async function answerOf<T, Answer>(
  work: Promise<T>,
  answer: (result: T) => Answer,
): Promise<Answer | string> {
  try {
    return answer(await work);
  } catch (error) {
    if (isSkepError(error)) return error.code;
    throw error;
  }
}
