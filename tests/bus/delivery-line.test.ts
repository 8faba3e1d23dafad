import assert from "node:assert/strict";
import { test } from "node:test";
import { deliveryLine } from "../../src/bus/delivery-line.ts";
import { parseDraftLine } from "../../src/bus/draft-line.ts";
import type { Delivery } from "../../src/bus/message.ts";
import { bytesOf } from "../../src/core/text.ts";

const looked: Delivery = {
  id: 17,
  receipt: null,
  from: null,
  to: "a1",
  type: null,
  body: bytesOf("hello"),
  priority: 4,
  attempt: 1,
  sentAt: 1_700_000_000_000,
  leaseUntil: null,
  thread: null,
  replyTo: null,
};

test("every key is there, and null where there is nothing", () => {
  assert.equal(
    deliveryLine(looked),
    '{"id":17,"receipt":null,"from":null,"to":"a1","type":null,"body":"hello","body_b64":null,"priority":4,' +
      '"attempt":1,"sent_at":1700000000000,"lease_until":null,"thread":null,"reply_to":null}',
  );
});

test("what is there is told", () => {
  const line = deliveryLine({
    ...looked,
    receipt: "17.2.5",
    from: "a2",
    type: "ask",
    attempt: 2,
    leaseUntil: 1_700_000_060_000,
    thread: "16",
    replyTo: "a3",
  });
  assert.partialDeepStrictEqual(JSON.parse(line), {
    receipt: "17.2.5",
    from: "a2",
    type: "ask",
    attempt: 2,
    lease_until: 1_700_000_060_000,
    thread: "16",
    reply_to: "a3",
  });
});

const bodies: [string, number[]][] = [
  ["nothing", []],
  ["NUL", [0]],
  ["line breaks", [10, 13, 0xe2, 0x80, 0xa8]],
  ["a byte order mark", [0xef, 0xbb, 0xbf, 65]],
  ["invalid UTF-8", [0xff, 0xfe, 0x80]],
  ["half of a character", [0xf0, 0x9f, 0x90]],
  ["a surrogate in UTF-8's clothes", [0xed, 0xa0, 0x80]],
];
for (const [what, bytes] of bodies)
  test(`a body of ${what} is one line, and sending it on keeps it byte for byte`, () => {
    const line = deliveryLine({ ...looked, body: Uint8Array.from(bytes) });
    assert.doesNotMatch(line, /[\n\r]/);
    const { to, body, body_b64 } = JSON.parse(line);
    assert.equal((body === null) !== (body_b64 === null), true);
    assert.deepEqual([...parseDraftLine(JSON.stringify({ to, body, body_b64 })).body], bytes);
  });
