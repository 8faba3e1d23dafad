import { expect, test } from "bun:test";
import {
  checkClock,
  checkLoopback,
  checkSystem,
  judgeClock,
  judgeLoopback,
  judgeSystem,
  judgeTerminal,
} from "../../src/doctor/surroundings.ts";

test("a datagram to this machine arrives", async () => {
  expect(await checkLoopback()).toMatchObject({ check: "loopback", verdict: "pass" });
  expect(judgeLoopback(false, 1_000)).toMatchObject({ verdict: "warn" });
});
test("a clock that is years slow fails, and one that jumps is warned of", async () => {
  const now = Date.UTC(2027, 0, 1);
  expect(judgeClock(now, 3).verdict).toBe("pass");
  expect(judgeClock(now, -101)).toMatchObject({
    verdict: "warn",
    says: "the clock jumped by -101 ms just now",
  });
  expect(judgeClock(0, 0).verdict).toBe("fail");
  expect((await checkClock()).check).toBe("clock");
});
test("under WSL without systemd the machine may stop with its last terminal", () => {
  const wsl = { platform: "linux", wsl: true, systemd: false, cgroup2: true };
  expect(judgeSystem(wsl).map(({ verdict }) => verdict)).toEqual(["pass", "warn"]);
  expect(judgeSystem({ ...wsl, systemd: true }).map(({ says }) => says)).toEqual([
    "Linux, under WSL",
    "systemd, cgroup v2",
  ]);
  expect(judgeSystem({ ...wsl, wsl: false })[1]!.says).toBe("no systemd, cgroup v2");
  expect(judgeSystem({ ...wsl, wsl: false, platform: "darwin" })[0]!.verdict).toBe("warn");
  expect(checkSystem().map(({ check }) => check)).toEqual(["system", "services"]);
});
test("a terminal that is too narrow for tables is warned of, and none is none", () => {
  expect(judgeTerminal(false, undefined).verdict).toBe("pass");
  expect(judgeTerminal(true, 120).says).toBe("120 columns");
  expect(judgeTerminal(true, 79).verdict).toBe("warn");
  expect(judgeTerminal(true, undefined).verdict).toBe("pass");
});
