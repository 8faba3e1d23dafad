import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { checkPattern, checkTopic, patternsOf } from "../../src/bus/topic.ts";
import { casesOf } from "../helpers/cases.ts";

const longest = `${"a".repeat(254)}.b`;

for (const topic of ["a", "a.b", "Build_1.linux-x64.failed", "1.2.3.4.5.6.7.8", "-", longest])
  test(`${topic.slice(0, 30)} is a topic, and a pattern`, () => {
    assert.equal(checkTopic(topic), topic);
    assert.equal(checkPattern(topic), topic);
  });

for (const pattern of ["*", ">", "a.*", "*.b", "*.*.*", "a.*.c", "a.>", "*.>", "1.2.3.4.5.6.7.>"])
  test(`${pattern} is a pattern, and no topic`, () => {
    assert.equal(checkPattern(pattern), pattern);
    assert.throws(() => checkTopic(pattern), {
      code: "E_NAME",
      message: `"${pattern}" is not a valid topic`,
      hint: /for subscribers/,
    });
  });

const unfit: [string, RegExp][] = [
  ["", /1 to 8 words/],
  [".", /1 to 8 words/],
  ["a.", /1 to 8 words/],
  [".a", /1 to 8 words/],
  ["a..b", /1 to 8 words/],
  ["a b", /1 to 8 words/],
  ["a/b", /1 to 8 words/],
  ["ä", /1 to 8 words/],
  ["a.b\n", /1 to 8 words/],
  ["a\0", /1 to 8 words/],
  ["%", /1 to 8 words/],
  ["'", /1 to 8 words/],
  ["1.2.3.4.5.6.7.8.9", /1 to 8 words/],
  ["a.".repeat(100_000), /1 to 8 words/],
  [`${longest}c`, /256 bytes/],
];
for (const [text, hint] of unfit)
  test(`${JSON.stringify(text.slice(0, 30))} is neither a topic nor a pattern`, () => {
    for (const check of [checkTopic, checkPattern])
      assert.throws(() => check(text), { code: "E_NAME", hint });
  });

const unfitPatterns: [string, RegExp][] = [
  [">.a", /comes last/],
  ["a.>.>", /comes last/],
  ["a*", /whole words/],
  ["*a.b", /whole words/],
  ["a.**", /whole words/],
  ["a.b>", /whole words/],
  ["*.1.2.3.4.5.6.7.>", /1 to 8 words/],
];
for (const [pattern, hint] of unfitPatterns)
  test(`${pattern} is no pattern`, () => {
    assert.throws(() => checkPattern(pattern), { code: "E_NAME", hint });
  });

test("what is too long to be shown is cut short in the error", () => {
  assert.throws(
    () => checkTopic("a".repeat(100_000)),
    (error: Error) => error.message.length < 200,
  );
});

test("the patterns of a topic are the topic, and each with a * for any of its words or a > for the rest", () => {
  assert.deepEqual(patternsOf("a.b").toSorted(), ["*.*", "*.>", "*.b", ">", "a.*", "a.>", "a.b"]);
});

test("eight words have 511 patterns, each once", () => {
  const patterns = patternsOf("1.2.3.4.5.6.7.8");
  assert.equal(patterns.length, 511);
  assert.equal(new Set(patterns).size, 511);
});

/** Whether `pattern` matches `topic`, word by word. */
function matches(pattern: string[], topic: string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return topic.length === 0;
  if (first === ">") return topic.length > 0;
  if (topic.length === 0) return false;
  return (first === "*" || first === topic[0]) && matches(rest, topic.slice(1));
}

// Few words, so that pattern and topic often meet.
const topics = fc.array(fc.constantFrom("a", "b", "ab"), { minLength: 1, maxLength: 8 });
const patterns = fc
  .tuple(
    fc.array(fc.constantFrom("a", "b", "ab", "*", "*"), { maxLength: 7 }),
    fc.constantFrom("a", "b", "*", ">"),
  )
  .map(([head, last]) => [...head, last]);
// Half of the patterns are made from the topic, or hardly any long one would match.
const pairs = fc.oneof(
  fc.tuple(topics, patterns),
  topics.chain((topic) =>
    fc.tuple(
      fc.constant(topic),
      fc
        .tuple(...topic.map((word) => fc.constantFrom(word, "*")), fc.nat(topic.length))
        .map((words) => {
          const kept = words.pop() as number;
          return kept === topic.length ? words : [...words.slice(0, kept), ">"];
        }) as fc.Arbitrary<string[]>,
    ),
  ),
);

test("the patterns of a topic are all that match it word by word, and no other", () => {
  let matched = 0;
  fc.assert(
    fc.property(pairs, ([topic, pattern]) => {
      const expected = matches(pattern, topic);
      if (expected) matched++;
      checkPattern(pattern.join("."));
      assert.equal(patternsOf(topic.join(".")).includes(pattern.join(".")), expected);
    }),
    { numRuns: casesOf(1_000) },
  );
  assert.ok(matched > 0);
});
