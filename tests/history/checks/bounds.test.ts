import { expect, test } from "bun:test";
import { call, claim, got, tale, textsOf } from "../tale.ts";
import { findOverfull } from "./bounds.ts";

const rules = { cap: 10, capBytes: 1_000, maxAttempts: 3 };
const seen = { t: 100, inbox: "in", taken: 10, bytes: 1_000 };
const look = (more: Partial<typeof seen>, ...calls: ReturnType<typeof call>[]) =>
  textsOf(findOverfull(tale(calls, {}, { rules, overfull: [{ ...seen, ...more }] })));

test("an inbox holds its cap, and not more", () => {
  expect(look({})).toEqual([]);
  expect(look({ taken: 11 })).toEqual(["in held 11 with a cap of 10"]);
  expect(look({ bytes: 1_001 })).toEqual(["in held 1001 bytes with a cap of 1000"]);
});

test("what is retried, or handed over, is let in all the same", () => {
  const retry = call("retry", { by: "bob", at: [50, 60] }, { inbox: "in" }, { count: 2 });
  // Each may have a place there, and a slot for its answer too.
  expect(look({ taken: 14 }, retry)).toEqual([]);
  expect(look({ taken: 15 }, retry)).toHaveLength(1);
  expect(look({ t: 40, taken: 12 }, retry)).toHaveLength(1);
  const handed = call("handover", { by: "w", at: [50, 60] }, { inbox: "other", to: "in" });
  expect(look({ taken: 15, bytes: 2_000 }, handed)).toEqual([]);
});

test("nothing is handed out more often than it may be", () => {
  const attempt = (n: number) =>
    tale([claim({ by: "bob", at: [0, 1] }, got("1.9.7", "m", { attempt: n }))], {}, { rules });
  expect(findOverfull(attempt(3))).toEqual([]);
  expect(textsOf(findOverfull(attempt(4)))).toEqual(["was handed out for attempt 4 of 3"]);
});
