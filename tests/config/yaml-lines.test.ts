import { expect, test } from "bun:test";
import { parseJson, parseYaml } from "../../src/config/parse.ts";
import { bytesOf } from "../../src/core/text.ts";

const source = (text: string) => ({ file: "f", bytes: bytesOf(text) });

test("in YAML a key has the line it is written on, also when its value comes later", async () => {
  const { lineOf } = await parseYaml(
    source(`# a comment
agents:
  a:
    command:
      - sh
      - |
        long
    1: x
  "b c": { env: [A,
    B] }
  d: &same
    x: 1
  e: *same
`),
  );
  const lines = (...paths: string[]) => paths.map((path) => lineOf(path.split("/")));
  expect(lines("agents", "agents/a", "agents/a/command", "agents/a/command/1")).toEqual([
    2, 3, 4, 6,
  ]);
  expect(lines("agents/a/1", "agents/b c", "agents/b c/env/1")).toEqual([8, 9, 10]);
  // What an alias repeats is not written there again.
  expect(lines("agents/d/x", "agents/e/x")).toEqual([12, 13]);
  expect(lines("agents/a/nope", "nope/x")).toEqual([3, 1]);
});

test("in JSON as well, and 1 in what holds nothing", async () => {
  const { lineOf } = await parseJson(source('{"a":\n1, "b": {\n"c": [\n1, 2]}}'));
  expect([["a"], ["b"], ["b", "c"], ["b", "c", "1"], ["d"]].map(lineOf)).toEqual([1, 2, 3, 4, 1]);
  expect((await parseYaml(source(""))).lineOf(["a"])).toBe(1);
  expect((await parseJson(source("5"))).lineOf(["a"])).toBe(1);
});
