import { chmodSync, lstatSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { SkepError } from "../../src/core/errors.ts";
import { checkHome, judgeHome } from "../../src/doctor/home.ts";
import { mend } from "../../src/doctor/mend.ts";
import { tempDir } from "../helpers/temp-dir.ts";

const well = { fault: undefined, mode: 0o700, isOpen: false };
const fault = (code: "E_HOME" | "E_FILESYSTEM") =>
  new SkepError(code, "it belongs to another user", { hint: "Ask them." });

test("a home of ours alone passes, and so does one that is not there yet", () => {
  expect(judgeHome("/h", well)).toMatchObject({ verdict: "pass", says: "/h is yours alone" });
  expect(judgeHome("/h", { ...well, mode: undefined })).toMatchObject({
    verdict: "pass",
    says: "/h is not there yet",
  });
});
test("one that is open to others is warned of, with what they may do and what closes it", () => {
  const open = (mode: number) => judgeHome("/h", { ...well, mode, isOpen: true });
  expect(open(0o755)).toEqual({
    check: "home",
    verdict: "warn",
    says: "/h is open to other users (mode 0755): they may get into it",
    fix: "skep doctor --fix closes it, as every command does that opens it: chmod 700 /h",
  });
  for (const mode of [0o770, 0o777, 0o702])
    expect(open(mode).says).toEndWith("they may change what is in it");
});
test("one that no command would open fails with the reason; the file system has a line of its own", () => {
  expect(judgeHome("/h", { ...well, fault: fault("E_HOME") })).toEqual({
    check: "home",
    verdict: "fail",
    says: "it belongs to another user",
    fix: "Ask them.",
  });
  expect(judgeHome("/h", { ...well, fault: fault("E_FILESYSTEM") }).verdict).toBe("pass");
});
test("a home is looked at and left as it is, until it is mended", async () => {
  const home = join(tempDir(), "home");
  expect(checkHome(home).says).toEndWith("is not there yet");
  mkdirSync(home);
  chmodSync(home, 0o755);
  expect(checkHome(home).verdict).toBe("warn");
  expect(lstatSync(home).mode & 0o777).toBe(0o755);
  const reap = () => Promise.reject(new Error("there is no database to be asked"));
  expect(await mend(home, reap)).toEqual({
    done: [`closed ${home} to other users`],
    stopped: undefined,
  });
  expect(checkHome(home).verdict).toBe("pass");
  expect((await mend(home, reap)).done).toEqual([]);
});
test("what cannot be mended is a finding, and what was done before it stays told", async () => {
  const file = join(tempDir(), "file");
  writeFileSync(file, "");
  expect(checkHome(file)).toMatchObject({
    verdict: "fail",
    says: `${file} is not a directory`,
  });
  const { done, stopped } = await mend(file, () => Promise.resolve());
  expect([done, stopped?.verdict, stopped?.says]).toEqual([
    [],
    "fail",
    `${file} is not a directory`,
  ]);
  const home = join(tempDir(), "home");
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, "bus.db"), "");
  chmodSync(home, 0o755);
  const mended = await mend(home, () => Promise.reject(fault("E_HOME")));
  expect(mended.done).toEqual([`closed ${home} to other users`]);
  expect(mended.stopped).toMatchObject({ check: "fix", says: "it belongs to another user" });
});
