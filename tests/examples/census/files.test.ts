import { expect, test } from "bun:test";
import { mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { changedFiles, listFiles } from "../../../examples/census/files.ts";
import { stage } from "./programs.ts";

test("the six kinds of files are found at any depth, and nothing else", () => {
  const { directory } = stage({
    "a.ts": "",
    "b/c/d.js": "",
    "b/e.mjs": "",
    "f.cjs": "",
    "g.json": "",
    "h.md": "",
    "i.tsx": "",
    "j.txt": "",
    ts: "",
    "node_modules/k/l.d.ts": "",
  });
  expect(listFiles(directory, "/none")).toEqual({
    files: [
      "./a.ts",
      "./b/c/d.js",
      "./b/e.mjs",
      "./f.cjs",
      "./g.json",
      "./h.md",
      "./node_modules/k/l.d.ts",
    ],
    skipped: [],
  });
});

test("a directory without such files has an empty census", () => {
  expect(listFiles(stage().directory, "/none")).toEqual({ files: [], skipped: [] });
});

test("repositories, homes and symbolic links are passed by", () => {
  const { directory } = stage({
    "a.ts": "",
    ".git/b.ts": "",
    "sub/.git/b.ts": "",
    ".skep/c.ts": "",
    "my-home/d.ts": "",
  });
  symlinkSync("a.ts", join(directory, "link.ts"));
  symlinkSync(".", join(directory, "round"));
  expect(listFiles(directory, join(directory, "my-home"))).toEqual({
    files: ["./a.ts"],
    skipped: [],
  });
});

test("names that no line of text can hold are skipped and named", () => {
  const { directory } = stage({ "fine name.ts": "", 'quo"te.ts': "", "back\\slash/x.ts": "" });
  writeFileSync(join(directory, "line\nbreak.ts"), "");
  writeFileSync(
    Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff]), Buffer.from(".ts")]),
    "",
  );
  mkdirSync(join(directory, 'quo"te.txt'));
  expect(listFiles(directory, "/none")).toEqual({
    files: ["./fine name.ts"],
    skipped: ["./back\\slash", "./line\nbreak.ts", './quo"te.ts', './quo"te.txt', "./\ufffd.ts"],
  });
});

test("a file that was written after a moment or is gone has changed since", () => {
  const { directory } = stage({ "a.ts": "" });
  const { ctimeMs } = statSync(join(directory, "a.ts"));
  expect(changedFiles(directory, ["./a.ts", "./gone.ts"], ctimeMs + 1)).toEqual(["./gone.ts"]);
  expect(changedFiles(directory, ["./a.ts"], ctimeMs)).toEqual(["./a.ts"]);
});
