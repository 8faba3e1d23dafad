import assert from "node:assert/strict";
import { test } from "node:test";
import { keepsBack, naming } from "../../src/bus/batch.ts";
import { SkepError } from "../../src/core/errors.ts";
import { draft } from "./verbs.ts";

const nameOf = (index: number) => `line ${index + 1}`;

test("an error is named after its message, and keeps all else; without names it is as it was", () => {
  const error = new SkepError("E_FULL", "a1 is full", { hint: "Wait.", retryAfterMs: 5 });
  assert.equal(naming(error, 2, undefined), error);
  const { code, message, hint, retryAfterMs } = naming(error, 2, nameOf);
  assert.deepEqual(
    [code, message, hint, retryAfterMs],
    ["E_FULL", "line 3: a1 is full", "Wait.", 5],
  );
});

test("a key that was there before the batch is no message's of the batch", () => {
  const drafts = [draft("a1", "1", { key: "k" }), draft("a1", "2", { key: "k" })];
  const error = new SkepError("E_CONFLICT", "used for 17");
  const words = (already: boolean) =>
    keepsBack(
      error,
      drafts,
      [already ? { id: 17, to: "a1", already } : { id: 18, to: "a1" }],
      nameOf,
    ).message;
  assert.equal(words(true), "line 2: used for 17");
  assert.equal(
    words(false),
    'line 2: the key "k" is also that of line 1, which is another message',
  );
});
