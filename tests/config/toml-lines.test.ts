import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parse, stringify } from "smol-toml";
import { lineOf } from "../../src/config/key-lines.ts";
import { tomlLines } from "../../src/config/toml-lines.ts";

/** Every path in `value` that has a key or is an item. */
function pathsIn(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null || value instanceof Date) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    [...path, key],
    ...pathsIn(inner, [...path, key]),
  ]);
}

const text = `# a comment
name = "s" # [not.a.table]
long = """
x = 1 \\""" "
"""  # two lines
'quoted key'."an\\tother" = '''
]''''
list = [ # first
  1, "]", [2,
  3], { a = 1, b.c = [] },
]

[agents.a] # header
command = ["sh", "-c", 'echo "]"']
live = { command = ["x"], every = "1s" }
date = 1979-05-27 07:32:00
["agents" . 'b c']
env = ["PATH",
  { NAME = "value" }]
[[tables]]
x = 1
[[tables]]
[tables.inner]
x = 2
[[tables.deep]]
[[tables.deep]]
x = 3\r
y.z = true`;

describe("the line of a key in TOML", () => {
  const lines = tomlLines(text);
  const expected: [path: string, line: number][] = [
    ["name", 2],
    ["long", 3],
    ["quoted key", 6],
    ["quoted key/an\tother", 6],
    ["list", 8],
    ["list/0", 9],
    ["list/1", 9],
    ["list/2", 9],
    ["list/2/1", 10],
    ["list/3", 10],
    ["list/3/b/c", 10],
    ["agents", 13],
    ["agents/a", 13],
    ["agents/a/command/2", 14],
    ["agents/a/live", 15],
    ["agents/a/live/every", 15],
    ["agents/a/date", 16],
    ["agents/b c", 17],
    ["agents/b c/env/1/NAME", 19],
    ["tables", 20],
    ["tables/0/x", 21],
    ["tables/1", 22],
    ["tables/1/inner/x", 24],
    ["tables/1/deep/0", 25],
    ["tables/1/deep/1/x", 27],
    ["tables/1/deep/1/y/z", 28],
  ];
  for (const [path, line] of expected)
    test(path, () => {
      expect(lines.get(JSON.stringify(path.split("/")))).toBe(line);
    });

  test("is that of the table around it when it is not there, and 1 at last", () => {
    expect(lineOf(lines, ["agents", "a", "nope"])).toBe(13);
    expect(lineOf(lines, ["agents", "b c", "env", "7", "x"])).toBe(18);
    expect(lineOf(lines, ["nope"])).toBe(1);
    expect(lineOf(lines, [])).toBe(1);
  });
  test("is known for everything in the file", () => {
    for (const path of pathsIn(parse(text)))
      expect([...lines.keys()]).toContain(JSON.stringify(path));
  });
  test("is sought in anything without an end to it, even in what is not valid", () => {
    for (const wrong of [
      "[",
      "[[",
      "a",
      "a =",
      "=",
      'a = "',
      "a = [",
      "a = {",
      "\0",
      "a = ]\n}",
      ",",
    ])
      expect(() => tomlLines(wrong)).not.toThrow();
    fc.assert(fc.property(fc.string(), (any) => tomlLines(any).size >= 0));
  });
});

const key = fc.oneof(fc.string({ minLength: 1 }), fc.stringMatching(/^[a-z]{1,3}$/));
const { table } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant("]}\"\"\"'''#\n[x]\n"),
    fc.array(tie("value"), { maxLength: 3 }),
    tie("table"),
  ),
  table: fc.dictionary(key, tie("value"), { maxKeys: 4 }),
}));

test("whatever is written, each key is on the line that it is found on", () => {
  fc.assert(
    fc.property(table, (value) => {
      const written = stringify(value as Record<string, unknown>);
      const lines = tomlLines(written);
      const rows = written.split("\n");
      for (const path of pathsIn(parse(written))) {
        const line = lines.get(JSON.stringify(path));
        expect({ path, written, known: line !== undefined }).toMatchObject({ known: true });
        const last = path.at(-1)!;
        if (/^[a-z]+$/.test(last)) expect(rows[line! - 1]).toContain(last);
      }
    }),
  );
});
