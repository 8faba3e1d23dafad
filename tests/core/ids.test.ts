import { expect, test } from "bun:test";
import { randomHex, randomNonce } from "../../src/core/ids.ts";

test("a nonce is an unsigned whole number of 32 bits, and uses all of them", () => {
  const nonces = Array.from({ length: 1_000 }, randomNonce);
  expect(nonces.every((nonce) => Number.isInteger(nonce) && nonce >= 0 && nonce < 2 ** 32)).toBe(
    true,
  );
  // The chance that a true one fails here is below 2^-900.
  for (let bit = 0; bit < 32; bit++)
    for (const value of [0, 1])
      expect(nonces.some((nonce) => ((nonce >>> bit) & 1) === value)).toBe(true);
});

test("random hexadecimal has two digits to the byte and never repeats", () => {
  const words = Array.from({ length: 1_000 }, () => randomHex(16));
  expect(words.every((word) => /^[0-9a-f]{32}$/.test(word))).toBe(true);
  expect(new Set(words).size).toBe(1_000);
  expect(randomHex(0)).toBe("");
});
