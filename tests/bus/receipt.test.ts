import assert from "node:assert/strict";
import { test } from "node:test";
import { formatReceipt, parseReceipt } from "../../src/bus/receipt.ts";

test("a receipt is read back as it was written", () => {
  for (const receipt of [
    { deliveryId: 17, epoch: 1, nonce: 3735928559 },
    { deliveryId: 1, epoch: 1, nonce: 0 },
    { deliveryId: 999_999_999_999_999, epoch: 999_999_999, nonce: 2 ** 32 - 1 },
  ])
    assert.deepEqual(parseReceipt(formatReceipt(receipt)), receipt);
});

for (const text of [
  "",
  "17",
  "17.1",
  "17.1.",
  "17.1.5.9",
  "17.1.5 ",
  " 17.1.5",
  "17.1.5\n",
  "-17.1.5",
  "17.1.5e3",
  "0x11.1.5",
  "017.1.5",
  "17.01.5",
  "17.1.05",
  "0.1.5",
  "17.0.5",
  "17,1,5",
  "1234567890123456.1.5",
  "17.1.12345678901",
  "١٧.١.٥",
  "'; drop table deliveries; --",
])
  test(`${JSON.stringify(text)} is no receipt, and the error shows what one looks like`, () => {
    assert.throws(() => parseReceipt(text), {
      code: "E_USAGE",
      message: `${JSON.stringify(text)} is not a receipt`,
      hint: /17\.1\.3735928559/,
    });
  });

test("a very long text that is no receipt is not repeated in full", () => {
  assert.throws(
    () => parseReceipt("9".repeat(100_000)),
    (error: Error) => error.message.length < 120,
  );
});
