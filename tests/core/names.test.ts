import { describe, expect, test } from "bun:test";
import { checkName, didYouMean, nearest } from "../../src/core/names.ts";

describe("a name", () => {
  test.each(["a", "A9", "0", "counter-1", "a.b_c-d", "x".repeat(64), "CON", "a.."])(
    "may be %p",
    (name) => {
      expect(checkName(name, "inbox")).toBe(name);
    },
  );

  test.each([
    "",
    "x".repeat(65),
    "../x",
    ".hidden",
    "-rf",
    "_x",
    "a/b",
    "a\\b",
    "a b",
    ";drop",
    "'; drop table messages; --",
    "a%",
    "a\0",
    "a\n",
    "ünder",
    "аdmin", // a Cyrillic a
    "@workers",
    "${x}",
  ])("may not be %p", (name) => {
    expect(() => checkName(name, "inbox")).toThrow(expect.objectContaining({ code: "E_NAME" }));
  });

  test("that is refused is shown as an escaped string, cut when it is long", () => {
    const refusal = (name: string) => {
      try {
        return checkName(name, "agent");
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(refusal("\u001b[31m")).toBe('"\\u001b[31m" is not a valid agent name');
    expect(refusal("x".repeat(1_000_000)).length).toBeLessThan(120);
  });
});

describe("the guess at a mistyped word", () => {
  const verbs = ["send", "recv", "ack", "status", "inboxes"];

  test.each([
    ["sned", "send"],
    ["rec", "recv"],
    ["statsu", "status"],
    ["INBOXES", "inboxes"],
    ["inboxs", "inboxes"],
    ["acks", "ack"],
  ])("for %p is %p", (word, verb) => {
    expect(nearest(word, verbs)).toBe(verb);
  });

  test("is none when nothing is near", () => {
    expect(nearest("frobnicate", verbs)).toBeUndefined();
    expect(didYouMean("frobnicate", verbs)).toBeUndefined();
    expect(nearest("send", [])).toBeUndefined();
  });

  test("takes the nearest of several", () => {
    expect(nearest("counter-12", ["counter-21", "counter-1", "counter-3"])).toBe("counter-21");
    expect(nearest("worker", ["walker", "worke", "worker2", "worker"])).toBe("worker");
  });

  test("is put as a question", () => {
    expect(didYouMean("sned", verbs)).toBe("Did you mean send?");
  });
});
