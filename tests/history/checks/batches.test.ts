import { expect, test } from "bun:test";
import { call, row, sending, tale, textsOf } from "../tale.ts";
import { findPartial } from "./batches.ts";

const sends = ["a", "b", "c"].map((uid) => sending(uid));
const batch = (outcome?: "fail" | "info", atomic = true) =>
  call("batch", { by: "ann", at: [0, 10], ...(outcome && { outcome }) }, { sends, atomic });
const all = [row("a", 1), row("b", 2), row("c", 3)];

test("a batch that goes together is there as a whole, or not at all", () => {
  expect(findPartial(tale([batch()], { rows: all }))).toEqual([]);
  expect(findPartial(tale([batch("fail")]))).toEqual([]);
  expect(findPartial(tale([batch("info")]))).toEqual([]);
  expect(findPartial(tale([batch("info")], { rows: all }))).toEqual([]);
});

test("a part of it is too little after a success, and too much after a refusal or a kill", () => {
  const some = { rows: all.slice(1) };
  expect(textsOf(findPartial(tale([batch()], some)))).toEqual([
    "2 of the 3 messages that ann sent at once are there, and it was told: ok",
  ]);
  expect(findPartial(tale([batch("info")], some))).toHaveLength(1);
  expect(findPartial(tale([batch("fail")], { rows: all }))).toHaveLength(1);
});

test("of a batch that goes line by line a part may be there", () => {
  expect(findPartial(tale([batch("info", false)], { rows: all.slice(1) }))).toEqual([]);
});
