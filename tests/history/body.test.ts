import { expect, test } from "bun:test";
import { bodyOf, uidOf } from "./body.ts";

test("a body says who it is, and any change to it is noticed", () => {
  const body = bodyOf("c1:7", 300);
  expect(uidOf(body)).toBe("c1:7");
  for (const at of [9, 20, 60, body.length - 8]) {
    const changed = new Uint8Array(body);
    changed[at]! ^= 1;
    expect(uidOf(changed)).toBeNull();
  }
  expect(uidOf(body.subarray(0, 100))).toBeNull();
});

test("it is as long as it is to be or a little shorter, and as long again when made for that", () => {
  for (const bytes of [0, 60, 61, 100, 999, 3_000]) {
    const { length } = bodyOf("c1:7", bytes);
    expect(length).toBeLessThanOrEqual(Math.max(bytes, 60));
    expect(length).toBeGreaterThan(bytes - 30);
    expect(bodyOf("c1:7", length)).toHaveLength(length);
  }
});
