import { expect, test } from "bun:test";
import { call, claim, got, tale, textsOf } from "../tale.ts";
import { findOverlaps } from "./leases.ts";

// For 1,000 ms.
const first = claim({ by: "bob", at: [10, 20] }, got("1.1.7", "m"));
const secondAt = (ms: number, receipt = "1.2.8") =>
  claim({ by: "eve", at: [ms, ms + 10] }, got(receipt, "m"));

test("the next claim has a higher number, and comes when the lease is over", () => {
  expect(findOverlaps(tale([first, secondAt(1_020)]))).toEqual([]);
  expect(textsOf(findOverlaps(tale([first, secondAt(500)])))).toEqual([
    "was claimed by bob with 1.1.7 and eve with 1.2.8, 495 ms before the first lease was over",
  ]);
});

test("two claims never have one number, and the higher one is the later one", () => {
  expect(findOverlaps(tale([first, secondAt(1_020, "1.1.9")]))).toHaveLength(1);
  const late = claim({ by: "bob", at: [3_000, 3_010] }, got("1.1.7", "m"));
  expect(findOverlaps(tale([late, secondAt(1_020)]))).toHaveLength(1);
});

test("an extension counts from the moment it was asked for", () => {
  const extend = (at: readonly [number, number], outcome?: "info") =>
    call(
      "extend",
      { by: "bob", at, ...(outcome && { outcome }) },
      { extend: "1.1.7", forMs: 2_000 },
    );
  expect(findOverlaps(tale([first, extend([500, 510]), secondAt(1_020)]))).toHaveLength(1);
  expect(findOverlaps(tale([first, extend([500, 510]), secondAt(2_510)]))).toEqual([]);
  // Nobody knows whether that one came in time.
  expect(findOverlaps(tale([first, extend([500, 9_000], "info"), secondAt(1_020)]))).toEqual([]);
});

test("a nack, a drain, a handover and the holder's death end a lease before its time", () => {
  const at = [100, 110] as const;
  for (const end of [
    [call("nack", { by: "bob", at }, { nack: "1.1.7" })],
    [call("drain", { by: "w", at }), call("resume", { by: "w", at: [120, 130] })],
    [call("hand-back", { by: "keeper", at }, { holder: "bob" })],
    [call("handover", { by: "w", at }, { inbox: "in", to: "other" })],
  ])
    expect(findOverlaps(tale([first, ...end, secondAt(200)]))).toEqual([]);
});

test("what was over before the claim, or concerns somebody else, ends nothing", () => {
  for (const other of [
    call("nack", { by: "bob", at: [100, 110], outcome: "fail" }, { nack: "1.1.7" }),
    call("hand-back", { by: "keeper", at: [100, 110] }, { holder: "ann" }),
    call("handover", { by: "w", at: [100, 110] }, { inbox: "other", to: "in" }),
  ])
    expect(findOverlaps(tale([first, other, secondAt(200)]))).toHaveLength(1);
  const before = [call("drain", { by: "w", at: [0, 2] }), call("resume", { by: "w", at: [3, 5] })];
  expect(findOverlaps(tale([...before, first, secondAt(200)]))).toHaveLength(1);
});
