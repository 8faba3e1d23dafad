import assert from "node:assert/strict";
import { test } from "node:test";
import { draftOf, parseDraftLine } from "../../src/bus/draft-line.ts";
import { bytesOf } from "../../src/core/text.ts";

const plain = {
  type: undefined,
  thread: undefined,
  replyTo: undefined,
  priority: undefined,
  delayMs: undefined,
  ttlMs: undefined,
  key: undefined,
};

test("a line with to and body is a draft", () => {
  assert.deepEqual(parseDraftLine('{"to":"a1","body":"grüße\\u0000"}'), {
    ...plain,
    to: "a1",
    body: bytesOf("grüße\0"),
  });
});

test("every key that a send takes can be given", () => {
  const line = {
    to: "a1",
    body_b64: "/wAB",
    type: "t",
    priority: 9,
    thread: "x",
    reply_to: "a2",
    delay_ms: 500,
    ttl_ms: 60_000,
    key: "k",
  };
  const { body, ...rest } = parseDraftLine(JSON.stringify(line));
  assert.deepEqual([...body], [255, 0, 1]);
  assert.deepEqual(rest, {
    to: "a1",
    type: "t",
    priority: 9,
    thread: "x",
    replyTo: "a2",
    delayMs: 500,
    ttlMs: 60_000,
    key: "k",
  });
});

test("a delivery's own null is as good as leaving a key out", () => {
  const line = { to: "a1", body: null, body_b64: "", type: null, thread: null, reply_to: null };
  const more = { priority: null, delay_ms: null, ttl_ms: null, key: null };
  assert.deepEqual(draftOf({ ...line, ...more }), {
    ...plain,
    to: "a1",
    body: Buffer.alloc(0),
  });
});

const wrong: [string, string, RegExp][] = [
  ["is not JSON", "{to:a1}", /^not a line of JSON: \{to:a1\}$/],
  ["is not an object", "[1]", /a message is a JSON object/],
  ["is null", "null", /a message is a JSON object/],
  ["names nobody", '{"body":"x"}', /needs a text in to/],
  ["names a number", '{"to":7,"body":"x"}', /needs a text in to/],
  ["has no body", '{"to":"a1"}', /needs a text in body or in body_b64/],
  ["has a number for a body", '{"to":"a1","body":7}', /needs a text in body/],
  ["has two bodies", '{"to":"a1","body":"x","body_b64":"eA=="}', /either body or body_b64/],
  ["has a body that is not base64", '{"to":"a1","body_b64":"e?=="}', /body_b64 is not base64/],
  ["has base64 of a wrong length", '{"to":"a1","body_b64":"eA="}', /body_b64 is not base64/],
  ["has base64 with a line break", '{"to":"a1","body_b64":"eA==\\n"}', /body_b64 is not base64/],
  ["has half of a character", '{"to":"a1","body":"x\\ud83d"}', /body has half of a character/],
  ["has a number for a type", '{"to":"a1","body":"x","type":7}', /type has to be a text/],
  [
    "has a text for a delay",
    '{"to":"a1","body":"x","delay_ms":"5s"}',
    /delay_ms has to be a number/,
  ],
  ["has a text for a time", '{"to":"a1","body":"x","ttl_ms":"5s"}', /ttl_ms has to be a number/],
  ["has a number for a key", '{"to":"a1","body":"x","key":7}', /key has to be a text/],
  ["has half of a character for a key", '{"to":"a1","body":"x","key":"\\ud83d"}', /key has half/],
  ["has a text for a priority", '{"to":"a1","body":"x","priority":"7"}', /has to be a number/],
];
for (const [what, line, message] of wrong)
  test(`a line that ${what} is refused`, () => {
    assert.throws(() => parseDraftLine(line), { code: "E_USAGE", message });
  });

test("a mistyped key is refused with the one that was meant", () => {
  assert.throws(() => parseDraftLine('{"to":"a1","body":"x","replyto":"a2"}'), {
    code: "E_USAGE",
    message: 'a message has no "replyto"',
    hint: "Did you mean reply_to?",
  });
});

test("a long line that is not JSON is not repeated in full", () => {
  assert.throws(
    () => parseDraftLine("x".repeat(100_000)),
    (error: Error) => error.message.length < 120,
  );
});
