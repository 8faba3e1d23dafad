import { expect, test } from "bun:test";
import { call, sending, tale, textsOf } from "../tale.ts";
import { findStuck } from "./progress.ts";

test("nothing is left when all that was in the way has ended", () => {
  const finish = { ms: 900, boundMs: 1_000, left: 0 };
  expect(findStuck(tale([], {}, { finish }))).toEqual([]);
  expect(textsOf(findStuck(tale([], {}, { finish: { ...finish, left: 2 } })))).toEqual([
    "2 deliveries were left 900 ms after all that was in the way had ended",
  ]);
});

const failed = (op: string, ms: number, code: string, args = {}) =>
  findStuck(
    tale([call(op, { by: "ann", at: [0, ms], outcome: "fail" }, args, { code, message: "no" })]),
  ).length;

test("who wants the lock waits for it as long as it may", () => {
  expect([failed("send", 1_000, "E_BUSY"), failed("send", 100, "E_BUSY")]).toEqual([0, 1]);
});

test("who waits for room, or for an answer, waits as long as it may", () => {
  const wait = { onFull: "wait" as const, timeoutMs: 200, sends: [sending("m")] };
  expect([failed("send", 200, "E_FULL", wait), failed("send", 50, "E_FULL", wait)]).toEqual([0, 1]);
  const none = { onFull: "fail" as const, timeoutMs: 0, sends: [sending("m")] };
  expect(failed("send", 1, "E_FULL", none)).toBe(0);
  expect([failed("request", 200, "E_EMPTY", wait), failed("request", 50, "E_EMPTY", wait)]).toEqual(
    [0, 1],
  );
});
