import { expect, test } from "bun:test";
import { splitLines } from "../../src/core/lines.ts";

function linesOf(chunks: (string | Uint8Array)[], bytesMax = 10): (string | undefined)[] {
  const lines: (string | undefined)[] = [];
  const splitter = splitLines(bytesMax, (line) => void lines.push(line));
  for (const chunk of chunks) splitter.add(Buffer.from(chunk as string));
  splitter.end();
  splitter.end();
  return lines;
}

test("lines come whole, however they were cut on the way", () => {
  expect(linesOf(["one\ntwo\n\nfo", "u", "r\n"])).toEqual(["one", "two", "", "four"]);
  expect(linesOf(["\n", "", "\n"])).toEqual(["", ""]);
  const bytes = Buffer.from("ü\nß\n");
  expect(linesOf([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(["ü", "ß"]);
});

test("the last one needs no end, and nothing makes no line", () => {
  expect(linesOf(["one\ntwo"])).toEqual(["one", "two"]);
  expect(linesOf([])).toEqual([]);
});

test("a line that is too long is undefined, and those around it are not harmed", () => {
  expect(linesOf(["0123456789\n01234567890\nok\n"])).toEqual(["0123456789", undefined, "ok"]);
  expect(linesOf(["01234", "567", "890", "1\nok"])).toEqual([undefined, "ok"]);
  expect(linesOf(["01234567890"])).toEqual([undefined]);
});

test("bytes that are no text come as U+FFFD", () => {
  expect(linesOf([Uint8Array.of(0x61, 0xff, 0x0a)])).toEqual(["a\ufffd"]);
});
