import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { checkLocking, judgeLocking } from "../../src/doctor/locking.ts";
import type { Driver } from "../../src/store/driver.ts";
import { bunDriver } from "../../src/store/driver-bun.ts";
import { skepExecutable } from "../helpers/executable.ts";
import { tempDir } from "../helpers/temp-dir.ts";

setDefaultTimeout(240_000);

const env = { PATH: "/usr/local/bin:/usr/bin:/bin" };

test("on a local disk two processes keep out of each other's way", async () => {
  const trier = [await skepExecutable(), "trial"];
  const findings = await checkLocking(tempDir(), bunDriver, trier, env, 100_000);
  expect(findings.map(({ check, verdict }) => [check, verdict])).toEqual([
    ["log", "pass"],
    ["locks", "pass"],
  ]);
});
test("a second process that does not answer is told", async () => {
  const directory = tempDir();
  const findings = await checkLocking(directory, bunDriver, ["true"], env);
  expect(findings[1]).toMatchObject({ verdict: "fail", says: "a second process did not answer" });
  expect(existsSync(join(directory, "trial.db"))).toBe(true);
});
test("a disk that is full is told as such", async () => {
  const full: Driver = {
    ...bunDriver,
    open(path, how) {
      const connection = bunDriver.open(path, how);
      // There is room for nothing but what is there.
      connection.exec("pragma max_page_count = 1");
      return connection;
    },
  };
  const findings = await checkLocking(tempDir(), full, ["true"], env);
  expect(findings).toMatchObject([
    { check: "log", verdict: "fail", says: expect.stringContaining("full") },
  ]);
});
test("one that cannot even be started is told with the reason, and the log stays well", async () => {
  const findings = await checkLocking(tempDir(), bunDriver, ["/nowhere/skep"], env);
  expect(findings).toMatchObject([
    { check: "log", verdict: "pass" },
    { check: "locks", verdict: "fail", says: expect.stringContaining("cannot be started") },
  ]);
});
describe("what the second process saw", () => {
  const during = { rows: 1, writes: false };
  const after = { rows: 2, writes: true };
  test("is right when it could not write, and then could, and saw all that was committed", () => {
    expect(judgeLocking(during, after).verdict).toBe("pass");
  });
  test("is a fault when it could write at once, or sees another database than we do", () => {
    expect(judgeLocking({ rows: 1, writes: true }, after).says).toContain("at once");
    for (const seen of [
      judgeLocking({ rows: 2, writes: false }, after),
      judgeLocking(during, { rows: 1, writes: true }),
      judgeLocking(during, { rows: 2, writes: false }),
    ])
      expect(seen).toMatchObject({
        verdict: "fail",
        says: "a second process does not see what the first has written",
      });
    expect(judgeLocking(undefined, after).verdict).toBe("fail");
  });
});
