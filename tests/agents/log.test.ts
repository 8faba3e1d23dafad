import { expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { openLog } from "../../src/agents/log.ts";
import { lacks } from "../helpers/programs.ts";
import { tempDir } from "../helpers/temp-dir.ts";

const fixture = join(import.meta.dir, "..", "fixtures", "agents", "write-log.ts");

test("what is appended is in the file, text or bytes, after what was there before", () => {
  const home = tempDir();
  for (const text of ["one\n", "two\n"]) {
    const log = openLog(home, "a", 1_000);
    log.append(text);
    log.append(Uint8Array.of(0xff, 0x0a));
    log.close();
  }
  const path = join(home, "logs", "a.log");
  expect(readFileSync(path, "latin1")).toBe("one\n\xff\ntwo\n\xff\n");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(home, "logs")).mode & 0o777).toBe(0o700);
});

test("a full log is put aside, over the one before, and begun anew", () => {
  const home = tempDir();
  const log = openLog(home, "a", 10);
  for (const text of ["aaaaaaaaaaa", "bbbbbbbbbbb", "c"]) log.append(text);
  log.close();
  expect(readFileSync(join(home, "logs", "a.log"), "utf8")).toBe("c");
  expect(readFileSync(join(home, "logs", "a.log.1"), "utf8")).toBe("bbbbbbbbbbb");
});

test("one that cannot be put aside is emptied: the bound matters more", () => {
  const home = tempDir();
  mkdirSync(join(home, "logs", "a.log.1", "in the way"), { recursive: true });
  const log = openLog(home, "a", 10);
  for (const text of ["aaaaaaaaaaa", "b"]) log.append(text);
  log.close();
  expect(readFileSync(join(home, "logs", "a.log"), "utf8")).toBe("b");
});

test.each(["logs/a.log", "logs"])(
  "one that somebody takes away (%s) is begun anew when it is full, and nobody stops for it",
  (gone) => {
    const home = tempDir();
    const log = openLog(home, "a", 10);
    log.append("a");
    rmSync(join(home, gone), { recursive: true });
    for (const text of ["bbbbbbbbbbb", "c"]) log.append(text);
    log.close();
    expect(readFileSync(join(home, "logs", "a.log"), "utf8")).toBe("c");
  },
);

test("after its end nothing is written, least of all into a file that got its number", () => {
  const home = tempDir();
  const log = openLog(home, "a", 10);
  log.append("mine");
  log.close();
  log.close();
  const other = join(home, "other");
  openSync(other, "w");
  log.append("stray");
  expect(readFileSync(other, "utf8")).toBe("");
  expect(readFileSync(join(home, "logs", "a.log"), "utf8")).toBe("mine");
});

test("no place to write to is no reason to stop, and when there is one again it is used", () => {
  const home = tempDir();
  writeFileSync(join(home, "logs"), "in the way");
  const log = openLog(home, "a", 1_000);
  log.append("lost");
  const elsewhere = openLog(join(home, "gone", "x"), "a", 1_000);
  elsewhere.append("kept");
  elsewhere.close();
  expect(readFileSync(join(home, "gone", "x", "logs", "a.log"), "utf8")).toBe("kept");
  log.close();
});

test("a link in its place is not followed", () => {
  const home = tempDir();
  mkdirSync(join(home, "logs"));
  const target = join(home, "target");
  symlinkSync(target, join(home, "logs", "a.log"));
  const log = openLog(home, "a", 1_000);
  log.append("x");
  log.close();
  expect(existsSync(target)).toBe(false);
});

test.skipIf(lacks("prlimit"))(
  "a limit on the size of files costs lines, and nothing else",
  async () => {
    const home = tempDir();
    const child = Bun.spawn(["prlimit", "--fsize=4096", process.execPath, fixture, home], {
      stdout: "pipe",
      stderr: "inherit",
    });
    expect(await child.stdout.text()).toBe("done\n");
    expect(statSync(join(home, "logs", "a.log")).size).toBe(4_096);
  },
);
