import { expect, test } from "bun:test";
import { claim, got, send, tale, textsOf } from "../tale.ts";
import type { Attempt } from "../state.ts";
import { findUntimely } from "./times.ts";

const claimAt = (ms: number, more: object, attempts: Attempt[] = []) =>
  textsOf(
    findUntimely(
      tale(
        [
          send({ by: "ann", at: [0, 10] }, "m", 1, more),
          claim({ by: "bob", at: [ms, ms + 10] }, got("1.3.7", "m")),
        ],
        { attempts },
      ),
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

test("what somebody brings back from the dead letters is wanted, however late that is", () => {
  const attempt = (epoch: number, outcome: string) => ({ delivery: 1, epoch, outcome });
  expect(claimAt(150, { ttlMs: 100 }, [attempt(1, "nacked"), attempt(2, "retried")])).toEqual([]);
  expect(claimAt(150, { ttlMs: 100 }, [attempt(1, "nacked"), attempt(3, "retried")])).toHaveLength(
    1,
  );
});
