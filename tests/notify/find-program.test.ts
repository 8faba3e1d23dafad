import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { findProgram } from "../../src/notify/find-program.ts";
import { tempDir } from "../helpers/temp-dir.ts";

test("a path is one from the directory, a bare name is looked for, and it may have to be executed", () => {
  const directory = tempDir();
  const bin = join(directory, "bin");
  mkdirSync(join(bin, "folder"), { recursive: true });
  for (const name of ["tell", "closed"]) writeFileSync(join(bin, name), "");
  chmodSync(join(bin, "tell"), 0o700);
  const find = (program: string, searchPath = bin) =>
    findProgram(program, { directory, searchPath });
  expect(find("./bin/tell", "")).toBe(join(bin, "tell"));
  expect(find(join(bin, "tell"), "")).toBe(join(bin, "tell"));
  expect(find("tell", `/nowhere:${bin}`)).toBe(join(bin, "tell"));
  for (const missing of ["closed", "folder", "none", "./tell", "bin/closed"])
    expect([missing, find(missing)]).toEqual([missing, undefined]);
  expect(find("tell", "")).toBeUndefined();
});
