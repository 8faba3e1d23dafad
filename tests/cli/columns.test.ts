import { expect, test } from "bun:test";
import { columns } from "../../src/cli/columns.ts";

test("every column is as wide as its widest cell, and no line ends in blanks", () => {
  const rows = [
    ["NAME", "STATE", "PID"],
    ["counter-1", "ready", "1"],
    ["a", "", ""],
  ];
  expect(columns(rows, " ").split("\n")).toEqual([
    " NAME       STATE  PID",
    " counter-1  ready  1",
    " a",
  ]);
});

test("rows may be of different lengths, and there may be none", () => {
  expect(columns([["a"], ["bb", "c"]])).toBe("a\nbb  c");
  expect(columns([])).toBe("");
});
