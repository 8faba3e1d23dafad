import { describe, expect, test } from "bun:test";
import { bytesOf, clip, printable, textOf } from "../../src/core/text.ts";

describe("bytes", () => {
  test.each(["", "a\0b", "\ufeffstarts with a mark", "grüß 🐝", "line\r\nline", "\u2028"])(
    "of %p come back as the same text",
    (text) => {
      expect(textOf(bytesOf(text))).toBe(text);
    },
  );

  test.each([
    [[0xff]],
    [[0xc3]],
    [[0x61, 0xe2, 0x82]],
    [[0xc0, 0x80]],
    [[0xed, 0xa0, 0x80]],
    [[0xf5, 0x80, 0x80, 0x80]],
  ])("%p are no text at all rather than text with holes", (bytes) => {
    expect(textOf(new Uint8Array(bytes))).toBeUndefined();
  });

  test("that are no text do not spoil the next that are", () => {
    expect(textOf(new Uint8Array([0xe2, 0x82]))).toBeUndefined();
    expect(textOf(new Uint8Array([0x61]))).toBe("a");
  });
});

describe("what is shown on a terminal", () => {
  test("is left as it is when it can do no harm", () => {
    const text = 'grüß 🐝 «日本語» العربية ~ \\ "quoted"';
    expect(printable(text)).toBe(text);
  });

  test.each([
    ["\u001b[2J", "\\u001b[2J"],
    ["\u001b]0;title\u0007", "\\u001b]0;title\\u0007"],
    ["\u009b31m", "\\u009b31m"],
    ["a\r\nb\tc\bd", "a\\u000d\\u000ab\\u0009c\\u0008d"],
    ["\0\u007f", "\\u0000\\u007f"],
    ["safe\u202egpj.exe", "safe\\u202egpj.exe"],
    ["\u2066a\u2069\u061c\u200e", "\\u2066a\\u2069\\u061c\\u200e"],
    ["ze\u200bro\u2060\ufeff\u00ad", "ze\\u200bro\\u2060\\ufeff\\u00ad"],
    ["a\u2028b\u2029", "a\\u2028b\\u2029"],
    ["\u{e0041}\u{e007f}", "\\u{e0041}\\u{e007f}"],
    ["\ud83d!", "\\ud83d!"],
  ])("%p is shown as %p", (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  test("holds no control character whatever comes in", () => {
    const everything = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code));
    // oxlint-disable-next-line no-control-regex
    expect(printable(everything.join(""))).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
  });
});

describe("a text that is too long", () => {
  test("is cut to the width, with a sign that it was", () => {
    expect(clip("abcdef", 4)).toBe("abc…");
    expect(clip("abcd", 4)).toBe("abcd");
    expect(clip("", 4)).toBe("");
  });

  test("is not cut through the middle of a character", () => {
    expect(clip("ab🐝cd", 4)).toBe("ab…");
  });
});
