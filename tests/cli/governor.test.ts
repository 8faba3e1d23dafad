import { expect, test } from "bun:test";
import { decisionText, governorJson, governorText } from "../../src/cli/governor.ts";

const hold = { level: 50, cause: "memory", reason: "so little", sinceAt: 1_000 } as const;
const free = { ...hold, level: 100, cause: null, reason: null };

test("that something is held back is said, with since when and why", () => {
  expect(governorText(hold, 13_000)).toBe(
    "the governor holds back starts and claims to 50 % since 12.0s: so little",
  );
  // The clock may have been set back meanwhile.
  expect(governorText(hold, 0)).toContain("since 0ms: ");
});

test("where nothing is held back there is nothing to say, but for why nothing can be", () => {
  expect(governorText(undefined, 0)).toBeUndefined();
  expect(governorText(free, 0)).toBeUndefined();
  expect(governorText({ ...free, reason: "nobody knows" }, 0)).toBe(
    "the governor holds nothing back: nobody knows",
  );
});

test("as an object it has all of it; without a swarm there is none", () => {
  expect(governorJson(hold)).toEqual({
    level: 50,
    cause: "memory",
    reason: "so little",
    since_at: 1_000,
  });
  expect(governorJson(undefined)).toBeNull();
});

test("each decision is told in the direction that it goes", () => {
  const decision = { cause: "load", reason: "so much" };
  const text = (before: number, level: number) => decisionText({ ...decision, before, level });
  expect(text(100, 50)).toBe("the governor holds back starts and claims to 50 %: so much");
  expect(text(25, 50)).toBe("the governor lets starts and claims go on to 50 % again");
  expect(decisionText({ before: 50, level: 100, cause: null, reason: null })).toBe(
    "the governor holds nothing back any more",
  );
  expect(decisionText({ before: 100, level: 100, cause: null, reason: "no signs" })).toBe(
    "the governor holds nothing back: no signs",
  );
});
