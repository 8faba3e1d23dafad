import { expect, test } from "bun:test";
import { join } from "node:path";
import { idsIn, readProc } from "../../src/core/proc.ts";
import { lacks } from "../helpers/programs.ts";

test("a process is listed, and read of", () => {
  expect(idsIn("")).toContain(process.pid);
  expect(readProc(`${process.pid}/stat`)).toStartWith(`${process.pid} (`);
  expect(() => readProc("0/stat")).toThrow("ENOENT");
});

test.skipIf(lacks("prlimit"))(
  "who has set a file aside sees others when no more can be opened (wants prlimit)",
  async () => {
    const program = join(import.meta.dir, "..", "fixtures", "core", "look-without-files.ts");
    const seen = async (...words: string[]) => {
      const command = ["prlimit", "--nofile=64", process.execPath, program, ...words];
      return JSON.parse(await Bun.spawn(command, { stdout: "pipe" }).stdout.text());
    };
    expect(await seen("aside")).toEqual([true, true, true]);
    expect(await seen()).toEqual(["EMFILE", "EMFILE", "EMFILE"]);
  },
);
