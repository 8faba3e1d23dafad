import { expect, test } from "bun:test";
import { describe as worded, statusOf } from "../../src/cli/failure.ts";
import { SkepError } from "../../src/core/errors.ts";

const plain = { json: false, colour: false, debug: false };

test("a sentence and its hints stand on lines of their own, hints set in", () => {
  const error = new SkepError("E_CONFIG", "one\ntwo", { hint: "three\nfour" });
  expect(worded(error, plain)).toBe("skep: one\n  two\n  three\n  four\n");
  expect(worded(new SkepError("E_EMPTY", "nothing"), plain)).toBe("skep: nothing\n");
});

test("only the name of the program has a colour", () => {
  const error = new SkepError("E_EMPTY", "nothing");
  expect(worded(error, { ...plain, colour: true })).toBe("\u001b[31mskep:\u001b[0m nothing\n");
});

test("what a message carries cannot drive a terminal", () => {
  const error = new SkepError("E_NAME", "\u001b]0;x\u0007\u202e", { hint: "a\rb" });
  expect(worded(error, plain)).toBe("skep: \\u001b]0;x\\u0007\\u202e\n  a\\u000db\n");
});

test("JSON is one line, whatever the message holds", () => {
  const text = worded(new SkepError("E_EMPTY", "a\nb"), { ...plain, json: true });
  expect(text.split("\n")).toHaveLength(2);
  expect(JSON.parse(text)).toEqual({
    error: { code: "E_EMPTY", message: "a\nb", hint: null, retry_after_ms: null },
  });
});

test("JSON lists the mistakes of a configuration, where there are any", () => {
  const mistake = {
    file: "f",
    line: 1,
    column: null,
    key: "a.b",
    message: "f:1: a.b is wrong",
    hint: null,
  };
  const error = new SkepError("E_CONFIG", mistake.message, { mistakes: [mistake] });
  const json = JSON.parse(worded(error, { ...plain, json: true }));
  expect(json.error.mistakes).toEqual([mistake]);
});

test("what nobody expected is a bug, with status 1, whatever was thrown", () => {
  for (const thrown of [new TypeError("x"), "x", undefined, null, { toString: () => "x" }]) {
    expect(statusOf(thrown)).toBe(1);
    expect(worded(thrown, plain)).toStartWith("skep: this is a bug: ");
  }
  expect(worded(new Error(""), plain)).toContain("an error without a message");
});

test("a want of files is no bug, wherever it shows", () => {
  const thrown = Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
  expect(statusOf(thrown)).toBe(8);
  expect(worded(thrown, plain)).toContain("too many files are open here (ulimit -n)");
});

test("with debug the trace comes first, with the causes", () => {
  const cause = new Error("the disk is gone");
  const text = worded(new SkepError("E_DISK", "no", { cause }), { ...plain, debug: true });
  expect(text).toContain("failure.test.ts");
  expect(text).toContain("caused by Error: the disk is gone");
  expect(text).toEndWith("\nskep: no\n");
});
