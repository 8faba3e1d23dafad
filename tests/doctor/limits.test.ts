import { expect, test } from "bun:test";
import { type Allowed, checkLimits, judgeLimits } from "../../src/doctor/limits.ts";

const roomy: Allowed = { files: 1_048_576, tasks: 30_000, megabytes: 16_000, cores: 8 };
const verdicts = (allowed: Partial<Allowed>, agents: number) =>
  judgeLimits({ ...roomy, ...allowed }, agents).map(({ verdict }) => verdict);

test("a machine with room for all of them passes, and so does any number of files", () => {
  expect(verdicts({}, 708)).toEqual(["pass", "pass", "pass", "pass"]);
  expect(verdicts({ files: Number.POSITIVE_INFINITY }, 10_000)[0]).toBe("pass");
});
test("one that has too little for all is warned of, and one that has not a tenth fails", () => {
  // 464 files, 532 processes and threads, 750 MB.
  expect(verdicts({ files: 463 }, 100)[0]).toBe("warn");
  expect(verdicts({ files: 464 }, 100)[0]).toBe("pass");
  expect(verdicts({ files: 46 }, 100)[0]).toBe("fail");
  expect(verdicts({ tasks: 531 }, 100)[1]).toBe("warn");
  expect(verdicts({ tasks: 0 }, 100)[1]).toBe("fail");
  expect(verdicts({ megabytes: 700 }, 100)[2]).toBe("warn");
  expect(verdicts({ megabytes: 70 }, 100)[2]).toBe("fail");
  expect(verdicts({ cores: 1 }, 100)[3]).toBe("warn");
});
test("it says what there is, what is needed, and what to do", () => {
  const [files] = judgeLimits({ ...roomy, files: 256 }, 100);
  expect(files).toEqual({
    check: "open files",
    verdict: "warn",
    says: "one process may have 256 open; 100 agents need 464",
    fix: "Raise it with ulimit -n 464, or let agents share hosts with pool = true.",
  });
});
test("this machine is read: it lets one agent be", () => {
  expect(checkLimits(1).map(({ check }) => check)).toEqual([
    "open files",
    "processes",
    "memory",
    "cores",
  ]);
  expect(checkLimits(1).every(({ verdict }) => verdict !== "fail")).toBe(true);
});
