import { expect, test } from "bun:test";
import { claim, got, send, tale, textsOf } from "../tale.ts";
import { findUntimely } from "./times.ts";

const claimAt = (ms: number, more: object) =>
  textsOf(
    findUntimely(
      tale([
        send({ by: "ann", at: [0, 10] }, "m", 1, more),
        claim({ by: "bob", at: [ms, ms + 10] }, got("1.1.7", "m")),
      ]),
    ),
  );

test("nobody gets a message before its delay is over", () => {
  expect(claimAt(100, { delayMs: 100 })).toEqual([]);
  expect(claimAt(50, { delayMs: 100 })).toEqual([
    "bob got it 60 ms after it was sent, with a delay of 100",
  ]);
});

test("nobody gets a message that nobody wants any more", () => {
  expect(claimAt(100, { ttlMs: 100 })).toEqual([]);
  expect(claimAt(150, { ttlMs: 100 })).toEqual([
    "bob got it 140 ms after it was sent, and it was wanted for 100",
  ]);
});
