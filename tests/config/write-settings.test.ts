import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { writeSettingsFile } from "../../src/config/write-settings.ts";
import { tempDir } from "../helpers/temp-dir.ts";

test.each([0o000, 0o022, 0o777])("its owner can read and write it under a umask of %o", (mask) => {
  const home = tempDir();
  const before = process.umask(mask);
  const path = writeSettingsFile(home);
  process.umask(before);
  expect(path).toBe(join(home, "skep.toml"));
  expect(statSync(path!).mode & 0o777).toBe(0o600);
});
test("what is there already is left, whatever it is called", () => {
  const home = tempDir();
  writeFileSync(join(home, "skep.yaml"), "bus: {}\n");
  expect(writeSettingsFile(home)).toBeUndefined();
  expect(readFileSync(join(home, "skep.yaml"), "utf8")).toBe("bus: {}\n");
});
test("a link is not followed", () => {
  const home = tempDir();
  mkdirSync(join(home, "elsewhere"));
  symlinkSync(join(home, "elsewhere", "file"), join(home, "skep.toml"));
  expect(() => writeSettingsFile(home)).toThrow();
});
