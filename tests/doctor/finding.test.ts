import { expect, test } from "bun:test";
import { fail, pass, warn, worstOf } from "../../src/doctor/finding.ts";

test("the worst of all counts", () => {
  const [good, odd, bad] = [pass("a", "x"), warn("b", "x", "y"), fail("c", "x", "y")];
  expect(worstOf([])).toBe("pass");
  expect(worstOf([good])).toBe("pass");
  expect(worstOf([odd, good])).toBe("warn");
  expect(worstOf([good, bad, odd])).toBe("fail");
});
