import { expect, test } from "bun:test";
import { checkEngine, judgeEngine } from "../../src/doctor/engine.ts";
import { bunDriver } from "../../src/store/driver-bun.ts";

test("an engine that can lose commits fails, and the one that skep brings passes", () => {
  expect(judgeEngine("3.51.2")).toMatchObject({
    verdict: "fail",
    says: "SQLite 3.51.2 can lose commits when two processes write",
  });
  expect(judgeEngine("3.51.3").verdict).toBe("pass");
  expect(checkEngine(bunDriver).verdict).toBe("pass");
});
