import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { checkShell, judgeShell } from "../../src/doctor/shell.ts";
import { tempDir } from "../helpers/temp-dir.ts";

const withShell = (script: string) => {
  const directory = tempDir();
  const path = join(directory, "sqlite3");
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return checkShell({ PATH: `${directory}:/usr/bin:/bin` }, 200_000);
};

test("one that cannot read the tables is warned of, and a newer one passes", async () => {
  expect(await withShell("echo '3.31.1 2020-01-27 19:55:54 abc'")).toMatchObject({
    verdict: "warn",
    says: "3.31.1 cannot read strict tables, and takes the database for damaged",
  });
  expect(await withShell("echo '3.40.1 2022-12-28 14:03:47 abc'")).toMatchObject({
    verdict: "pass",
    says: "3.40.1: good for looking (sqlite3 -readonly), not for writing",
  });
  expect(judgeShell("3.54.1")).toMatchObject({ verdict: "pass", says: "3.54.1" });
});
test("none is no fault, nor is one that fails or says something else", async () => {
  expect(await checkShell({ PATH: tempDir() })).toMatchObject({
    verdict: "pass",
    says: "not installed; skep sql answers the same questions",
  });
  for (const script of ["exit 3", "echo hello"])
    expect(await withShell(script)).toMatchObject({
      verdict: "pass",
      says: "it does not tell its version; skep sql answers the same questions",
    });
});
