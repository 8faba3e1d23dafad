import { afterEach, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { openLog } from "../../src/agents/log.ts";
import { type LogReader, lastOf, openLogReader } from "../../src/agents/log-reader.ts";
import { tempDir } from "../helpers/temp-dir.ts";

const opened: LogReader[] = [];
afterEach(() => opened.splice(0).forEach((reader) => reader.close()));

/** The log of an agent `a` with that text in it (none: without the file), and the one put aside before it. The time of its reader is what `pass` makes of it. */
function logOf(text?: string, aside?: string) {
  const home = tempDir();
  mkdirSync(join(home, "logs"));
  const path = join(home, "logs", "a.log");
  if (text !== undefined) writeFileSync(path, text);
  if (aside !== undefined) writeFileSync(`${path}.1`, aside);
  let now = 0;
  const reader = openLogReader(home, "a", () => now);
  opened.push(reader);
  return { home, path, reader, pass: (ms: number) => void (now += ms) };
}

describe("the last lines", () => {
  test("as many as are wanted, or as there are", () => {
    for (const [count, lines] of [
      [0, []],
      [1, ["3"]],
      [2, ["", "3"]],
      [3, ["1", "", "3"]],
      [9, ["1", "", "3"]],
    ] as const)
      expect(logOf("1\n\n3\n").reader.begin(count)).toEqual([...lines]);
    expect(logOf("").reader.begin(5)).toEqual([]);
    expect(logOf().reader.begin(5)).toEqual([]);
  });
  test("what has no end yet comes when it has one, or when it is asked for", () => {
    const { reader, path } = logOf("1\n2\nbeg");
    expect(reader.begin(1)).toEqual(["2"]);
    expect(reader.more()).toEqual([]);
    appendFileSync(path, "un\n");
    expect(reader.more()).toEqual(["begun"]);
    const other = logOf("1\n2\nbeg").reader;
    expect([other.begin(9), other.rest(), other.rest()]).toEqual([["1", "2"], ["beg"], []]);
  });
  test("too few of them are made up for from the file that was put aside", () => {
    const { reader } = logOf("4\n", "1\n2\n3\n");
    expect(reader.begin(3)).toEqual(["2", "3", "4"]);
    expect(logOf(undefined, "1\n2\n").reader.begin(1)).toEqual(["2"]);
  });
  test("a line that was begun in that file is one line", () => {
    const { reader } = logOf("t\nnext\n", "first\nsecond\nspli");
    expect(reader.begin(2)).toEqual(["split", "next"]);
  });
  test("what was put aside is left alone where there are enough", () => {
    expect(logOf("1\n2\n3\n", "x\nspli").reader.begin(2)).toEqual(["2", "3"]);
  });
  test("of a large file no more is read than has to be", () => {
    const line = "x".repeat(99);
    const { reader } = logOf(`${line}\n`.repeat(50_000) + "last\n");
    expect(reader.begin(3)).toEqual([line, line, "last"]);
    const many = logOf(`${line}\n`.repeat(50_000)).reader.begin(30_000);
    expect([many.length, new Set(many).size]).toEqual([30_000, 1]);
  });
  test("a line without an end is no reason to read all of it", () => {
    const { reader } = logOf(`${"x".repeat(5_000_000)}\nlast\n`);
    expect(reader.begin(9)).toEqual(["last"]);
  });
});

describe("what is added", () => {
  test("comes once, in whole lines, however it was written", () => {
    const { reader, path } = logOf("old\n");
    reader.begin(1);
    appendFileSync(path, "one\ntw");
    expect(reader.more()).toEqual(["one"]);
    appendFileSync(path, "o\n\u00fc");
    expect(reader.more()).toEqual(["two"]);
    expect(reader.more()).toEqual([]);
  });
  test("a file that appears later is read from its beginning", () => {
    const { reader, path } = logOf();
    expect(reader.begin(1)).toEqual([]);
    expect(reader.more()).toEqual([]);
    writeFileSync(path, "1\n2\n");
    expect(reader.more()).toEqual(["1", "2"]);
  });
  test("the end of a file that is put aside is not missed, nor what comes after it", () => {
    const { reader, path } = logOf("1\n");
    reader.begin(1);
    appendFileSync(path, "2\nsp");
    renameSync(path, `${path}.1`);
    // Before there is a new one, and after.
    expect(reader.more()).toEqual(["2"]);
    writeFileSync(path, "lit\n3\n");
    expect(reader.more()).toEqual(["split", "3"]);
    appendFileSync(path, "4\n");
    expect(reader.more()).toEqual(["4"]);
  });
  test("nor is the file that was begun and put aside between two looks", () => {
    const { reader, path } = logOf("1\n");
    reader.begin(0);
    appendFileSync(path, "2\n");
    renameSync(path, `${path}.1`);
    writeFileSync(path, "3\n");
    renameSync(path, `${path}.1`);
    writeFileSync(path, "4\n");
    const heard = [...reader.more(), ...reader.more(), ...reader.more()];
    expect(heard).toEqual(["2", "3", "4"]);
  });
  test("of a log that is put aside again and again each line comes once", () => {
    const { reader, home } = logOf();
    reader.begin(0);
    const log = openLog(home, "a", 1_000);
    const heard: string[] = [];
    for (let n = 0; n < 3_000; n++) {
      log.append(`line ${n}\n`);
      // Less than what fits into two files.
      if (n % 100 === 0) heard.push(...reader.more());
    }
    for (let round = 0; round < 3; round++) heard.push(...reader.more());
    log.close();
    expect(heard).toEqual(Array.from({ length: 3_000 }, (_, n) => `line ${n}`));
  });
  test("nor is any read twice that comes while it looks", async () => {
    const { reader, path } = logOf("");
    reader.begin(0);
    const script = "n=0; while [ $n -lt 20000 ]; do echo $n; n=$((n + 1)); done";
    const writer = Bun.spawn(["sh", "-c", script], { stdout: Bun.file(path) });
    const heard: string[] = [];
    while (writer.exitCode === null) {
      heard.push(...reader.more());
      await Bun.sleep(0);
    }
    heard.push(...reader.more(), ...reader.more());
    expect(heard).toEqual(Array.from({ length: 20_000 }, (_, n) => String(n)));
  });
  test("one that was emptied is read anew", () => {
    const { reader, path } = logOf("1\n2\n");
    reader.begin(0);
    truncateSync(path);
    expect(reader.more()).toEqual([]);
    appendFileSync(path, "3\n");
    expect(reader.more()).toEqual(["3"]);
  });
  test("one that was deleted brings back nothing of the one before it", () => {
    const { reader, path } = logOf("now\n", "long ago\n");
    utimesSync(`${path}.1`, 1_000, 1_000);
    reader.begin(0);
    appendFileSync(path, "then\n");
    expect(reader.more()).toEqual(["then"]);
    rmSync(path);
    writeFileSync(path, "new\n");
    expect(reader.more()).toEqual(["new"]);
  });
  test("the beginning of a line that stays one is shown after a while", () => {
    const { reader, path, pass } = logOf("");
    reader.begin(0);
    appendFileSync(path, "password? ");
    expect(reader.more()).toEqual([]);
    pass(1_000);
    expect(reader.more()).toEqual([]);
    pass(1);
    expect(reader.more()).toEqual(["password? "]);
    expect(reader.more()).toEqual([]);
  });
  test("a flood comes in pieces, and a line without an end is not kept", () => {
    const { reader, path } = logOf("");
    reader.begin(0);
    const line = "x".repeat(999);
    appendFileSync(path, `${line}\n`.repeat(6_000));
    const first = reader.more().length;
    expect(first).toBeWithin(1, 6_000);
    expect(first + reader.more().length).toBe(6_000);
    appendFileSync(path, `${"y".repeat(2_000_000)}\nlast\n`);
    expect(reader.more()).toEqual(["(a line of more than 1048576 bytes)", "last"]);
  });
});

test("the last of some lines: none, some, all", () => {
  expect([0, 1, 9].map((count) => lastOf(["a", "b"], count))).toEqual([[], ["b"], ["a", "b"]]);
});
