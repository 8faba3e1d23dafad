import { describe, expect, test } from "bun:test";
import type { Mistake } from "../../src/core/errors.ts";
import { readSwarmFile } from "../../src/config/swarm-file.ts";
import { read, refusal, written } from "./swarm-files.ts";

describe("what is refused before it is looked into", () => {
  const message = async (text: string | Uint8Array, kind: string) => {
    const { file } = written(text, kind);
    const { mistakes } = await refusal(readSwarmFile(file));
    const [{ line, column, message }] = mistakes! as [Mistake];
    const where = column === null ? `${line}: ` : `${line}:${column} is not `;
    expect(message).toStartWith(`${file}:${where}`);
    return message.replace(file, "");
  };
  const broken: Record<string, [text: string, message: string][]> = {
    toml: [
      ['name = "s"\nagents = {', ":2:10 a table lacks its }"],
      [`name = "s"\n[agents.a]\n[agents.a]`, ":3:2 agents.a is there twice"],
      [`name = "s"\nname = "t"`, ":2:1 name is there twice"],
      ['env = { A = "x", A = "y" }', ":1:18 a key is there twice"],
      ["name = x", ":1:8 a value is missing, or a text lacks its quotes"],
      ['name = "s', ":1:8 a text lacks its closing quote"],
      ["name =", ":1:7 a value is missing"],
      ["name = 1 2", ":1:10 more follows where the line should end"],
    ],
    yaml: [
      [
        "name: s\nagents: {a: [}",
        ":2:14 the indentation does not fit, or a bracket or quote is not closed",
      ],
      ["name: s\nname: t", ":2:1 name is there twice"],
      ["name: *nobody", ":1:7 an alias names an anchor that is not there before it"],
      ["name: s\nagents: &a\n  b: *a", ":3:6 an alias stands within what it names"],
      ["name: s\n\tagents: 1", ":2:1 a tab indents, where only spaces may"],
      ["name: 's", ":1:9 a colon, a comma, a space, a quote or a bracket is missing"],
      ["a\nb: 1", ":1:1 a key goes over several lines, or a line lacks its colon"],
      ["a: b: c", ":1:4 there is a second colon"],
    ],
    json: [
      ['{"name": "s",\n "agents": {]}', ":2:13 a key in double quotes is missing"],
      ['{"name": "s",\n"name": "t"}', ":2:1 name is there twice"],
      ['{"name": "s",}', ":1:14 a key in double quotes is missing"],
      ["", ":1:1 a value is missing"],
      ["'", ":1:1 a value is neither a number, true, false, null nor in double quotes"],
      ["{'name': 1}", ":1:2 a value is neither a number"],
      ['{"name": "s" // why\n}', ":1:14 there is a comment, which JSON has none of"],
      ['{"name": "s"}\n}', ":2:1 more follows where the file should end"],
    ],
  };
  for (const [kind, files] of Object.entries(broken))
    test(`mistakes in the grammar of ${kind}, with line and column, in words of ours`, async () => {
      for (const [text, said] of files)
        expect(await message(text, kind)).toStartWith(
          `${said.replace(" ", ` is not valid ${kind.toUpperCase()}: `)}`,
        );
    });
  test("what is not UTF-8, with the first byte that is not", async () => {
    const bytes = Uint8Array.of(0x61, 0x0a, 0xc3, 0xa4, 0xff, 0x0a);
    for (const kind of ["toml", "yaml", "json"])
      expect(await message(bytes, kind)).toBe(":2:2 is not UTF-8 text");
  });
  test("a value that is none is not shown: it may be a secret that lacks its quotes", async () => {
    for (const value of [
      "hunter2",
      "!hunter2",
      "*hunter2",
      "hunter2:x",
      "&hunter2 *x",
      "h@hunter2",
    ])
      for (const [text, kind] of [
        [`{"name": "s",\n "agents": {"a": {"env": [{"KEY": ${value}}]}}}`, "json"],
        [`name: s\nagents:\n  a:\n    command: [sh]\n    env: [{KEY: ${value}, "A B": x}]`, "yaml"],
        [`name = "s"\n[agents.a]\nenv = [{ KEY = ${value} }]`, "toml"],
      ] as const)
        expect(await message(text, kind)).not.toContain("hunter2");
    expect(await message('{"name": "s",\n "agents": hunter2}', "json")).toBe(
      ":2:12 is not valid JSON: a value is neither a number, true, false, null nor in double quotes",
    );
  });
  test("an alias that unfolds into gigabytes", async () => {
    const levels = "abcdefghi".split("");
    const bomb = levels
      .map(
        (level, i) =>
          `${level}: &${level} [${Array(9)
            .fill(i ? `*${levels[i - 1]}` : "x")
            .join(",")}]`,
      )
      .join("\n");
    expect((await refusal(read(bomb, "yaml"))).message).toContain("is not valid YAML");
  });
});
