import { describe, expect, test } from "bun:test";
import { numberOf, parsePointLine, tagsOf } from "../../src/metrics/point.ts";

const line = (point: object) => JSON.stringify({ name: "a.b", value: 1, ...point });

describe("a line of JSON", () => {
  test("is a point, with a unit and tags where it says so", () => {
    const point = { name: "a.b", value: 1, unit: "count", agent: "ada", tags: {} };
    expect(parsePointLine(line({}), "ada")).toEqual(point);
    const said = { value: -0.5, unit: "req/s", tags: { phase: "link", käse: undefined } };
    expect(parsePointLine(line(said), null)).toMatchObject({
      value: -0.5,
      tags: { phase: "link" },
    });
  });

  test.each([
    ["no JSON", "{", "E_USAGE"],
    ["a list", "[]", "E_USAGE"],
    ["another key", line({ at: 5 }), "E_USAGE"],
    ["no name", '{"value":1}', "E_USAGE"],
    ["no value", '{"name":"a"}', "E_USAGE"],
    ["a text for a value", line({ value: "5" }), "E_USAGE"],
    ["a value that is not there", line({ value: null }), "E_USAGE"],
    ["a value beyond all numbers", '{"name":"a","value":1e999}', "E_USAGE"],
    ["NaN", '{"name":"a","value":NaN}', "E_USAGE"],
    ["a name with a space", line({ name: "a b" }), "E_NAME"],
    ["an empty name", line({ name: "" }), "E_NAME"],
    ["a name with nothing between two dots", line({ name: "a..b" }), "E_NAME"],
    ["a long name", line({ name: "a".repeat(101) }), "E_NAME"],
    ["a name that is skep's own", line({ name: "process.cpu" }), "E_NAME"],
    ["a unit with a space", line({ unit: "per second" }), "E_USAGE"],
    ["a unit that is none", line({ unit: 5 }), "E_USAGE"],
    ["tags that are a list", line({ tags: ["x"] }), "E_USAGE"],
    ["a tag that is a number", line({ tags: { n: 1 } }), "E_USAGE"],
    ["a tag with a dash in its name", line({ tags: { "a-b": "x" } }), "E_NAME"],
    ["a tag called __proto__", '{"name":"a","value":1,"tags":{"__proto__":"x"}}', "E_NAME"],
    ["an empty tag", line({ tags: { a: "" } }), "E_NAME"],
    ["a tag that could drive a terminal", line({ tags: { a: "\u001b[2J" } }), "E_NAME"],
    ["a long tag", line({ tags: { a: "x".repeat(65) } }), "E_NAME"],
    ["nine tags", line({ tags: tagsOf([..."abcdefghi"].map((tag) => `${tag}=1`)) }), "E_USAGE"],
  ])("with %s is refused", (_, text, code) => {
    expect(() => parsePointLine(text, null)).toThrow(expect.objectContaining({ code }));
  });
});

test.each([
  ["12.5", 12.5],
  ["-3e4", -30_000],
  ["+.5", 0.5],
  ["1e999", Number.POSITIVE_INFINITY],
  ["NaN", Number.NaN],
  ["Infinity", Number.NaN],
  ["0x10", Number.NaN],
  ["", Number.NaN],
  ["1,5", Number.NaN],
])("%j is the number %p", (text, value) => {
  expect(numberOf(text)).toBe(value);
});

test("a word without a sign between key and value is no tag, and none is given twice", () => {
  expect(tagsOf(["a=1", "b=x=y", "c="])).toEqual({ a: "1", b: "x=y", c: "" });
  for (const words of [["a"], ["=a"], ["a=1", "a=2"]])
    expect(() => tagsOf(words)).toThrow(expect.objectContaining({ code: "E_USAGE" }));
});
