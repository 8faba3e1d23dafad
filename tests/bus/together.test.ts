import assert from "node:assert/strict";
import { test } from "node:test";
import { loadOn, runsOf } from "../../src/bus/together.ts";
import { draft } from "./verbs.ts";

const none = new Map<string, string[]>();

test("what goes to one inbox at one time goes together, and what asks or has a key goes alone", () => {
  const drafts = [
    draft("a1", "1"),
    draft("a1", "2", { type: "t", priority: 9, thread: "x" }),
    draft("a2", "3"),
    draft("a1", "4"),
    draft("a1", "5", { replyTo: "a9" }),
    draft("a1", "6", { key: "k" }),
    draft("a1", "7", { delayMs: 5 }),
    draft("a1", "8", { delayMs: 5 }),
    draft("a1", "9", { delayMs: 5, ttlMs: 6 }),
  ];
  const runs = runsOf(drafts);
  assert.deepEqual(runs.flat(), drafts);
  assert.deepEqual(
    runs.map((run) => run.length),
    [2, 1, 1, 1, 1, 2, 1],
  );
  assert.deepEqual(runsOf([]), []);
});

test("the load on an inbox is what comes into it and what is kept for answers", () => {
  const drafts = [draft("a1", "12", { replyTo: "a2" }), draft("a1", "345"), draft("a2", "")];
  assert.deepEqual(loadOn("a1", drafts, none), { deliveries: 2, slots: 0, bytes: 5 });
  assert.deepEqual(loadOn("a2", drafts, none), { deliveries: 1, slots: 1, bytes: 0 });
  assert.deepEqual(loadOn("a3", drafts, none), { deliveries: 0, slots: 0, bytes: 0 });
  const found = new Map([["@team", ["a1", "a3"]]]);
  const asked = [...drafts, draft("@team", "6", { replyTo: "a2" })];
  assert.deepEqual(loadOn("a3", asked, found), { deliveries: 1, slots: 0, bytes: 1 });
  assert.deepEqual(loadOn("a2", asked, found), { deliveries: 1, slots: 3, bytes: 0 });
});
