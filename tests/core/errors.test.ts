import { expect, test } from "bun:test";
import { type ErrorCode, SkepError, exitStatus, isSkepError } from "../../src/core/errors.ts";

test("every code ends with the status that the design gives its kind", () => {
  const kinds: Record<number, ErrorCode[]> = {
    1: ["E_INTERNAL"],
    2: ["E_USAGE", "E_CONFIG", "E_NAME", "E_BODY"],
    3: ["E_EMPTY", "E_NOT_FOUND"],
    4: ["E_FULL", "E_DRAINING", "E_BUSY", "E_IDENTITY", "E_RUNNING"],
    5: ["E_STALE"],
    6: ["E_CONFLICT"],
    7: ["E_FILESYSTEM", "E_HOME", "E_ENGINE", "E_SCHEMA", "E_CORRUPT", "E_READONLY", "E_DISK"],
    8: ["E_FAILED"],
  };
  for (const [status, codes] of Object.entries(kinds))
    for (const code of codes) expect(`${code} ${exitStatus[code]}`).toBe(`${code} ${status}`);
});

test("an error carries what to do next, when, and what caused it", () => {
  const cause = new Error("disk");
  const error = new SkepError("E_FULL", "inbox a is full", {
    hint: "Try later.",
    retryAfterMs: 120,
    cause,
  });
  expect(error).toMatchObject({
    name: "SkepError",
    code: "E_FULL",
    message: "inbox a is full",
    hint: "Try later.",
    retryAfterMs: 120,
    cause,
  });
});

test("an error without details has none, not empty ones", () => {
  const error = new SkepError("E_STALE", "the lease is over");
  expect([error.hint, error.retryAfterMs, "cause" in error]).toEqual([undefined, undefined, false]);
});

test("a SkepError is told by its code, and anything else is none", () => {
  const error = new SkepError("E_BUSY", "locked");
  expect(isSkepError(error)).toBe(true);
  expect(isSkepError(error, "E_FULL", "E_BUSY")).toBe(true);
  expect(isSkepError(error, "E_FULL")).toBe(false);
  expect(isSkepError(Object.assign(new Error("locked"), { code: "E_BUSY" }))).toBe(false);
  expect(isSkepError(undefined)).toBe(false);
});
